"""Everything the api may call, by its port: put together once by the composition root, never looked up."""

from collections.abc import Callable
from dataclasses import field

from proxy.api.auth import Gate
from proxy.api.entrance import Entrance
from proxy.api.overlooks import Overlooks
from proxy.api.reply import ReplyLimits
from proxy.api.sessions import Sessions
from proxy.domain.glance import Glance
from proxy.domain.value import dataclass
from proxy.pipeline import Pipeline
from proxy.ports import (
    Accounts,
    Books,
    ByHand,
    CatalogDesk,
    CatalogSource,
    Chronicle,
    Clock,
    Conduct,
    Conversations,
    Directory,
    FeedbackBox,
    HealthBoard,
    Ids,
    Limiter,
    Oversight,
    Recorder,
    Register,
    Timekeeping,
)
from proxy.stages.intake import IntakeLimits


@dataclass(frozen=True, slots=True)
class ApiKnobs:
    """Bounds of the api itself. `key_pepper` hashes new keys; `metrics_token` opens the raw-cost metrics without a key;
    `intake` are the pipeline's own bounds, for bodies that are read on their way to it; `conversations_kept_days` None keeps
    no conversation."""

    key_pepper: bytes
    intake: IntakeLimits = IntakeLimits()
    body_bytes_max: int = 20 * 1024 * 1024
    reply: ReplyLimits = ReplyLimits()
    metrics_token: str | None = None
    conversations_kept_days: int | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """One gateway's rooms as the api sees them. `render_metrics` takes whether raw cost may be shown, `glance` is
    what the gateway came to until now; `is_ready` says
    whether calls can be taken."""

    gate: Gate
    pipeline: Pipeline
    accounts: Accounts
    books: Books
    by_hand: ByHand
    timekeeping: Timekeeping
    catalog: CatalogSource
    desk: CatalogDesk
    directory: Directory
    register: Register
    feedback: FeedbackBox
    conversations: Conversations
    oversight: Oversight
    chronicle: Chronicle
    health: HealthBoard
    limiter: Limiter
    conduct: Conduct
    recorder: Recorder
    clock: Clock
    ids: Ids
    knobs: ApiKnobs
    render_metrics: Callable[[bool], bytes]
    glance: Callable[[], Glance]
    is_ready: Callable[[], bool]
    entrance: Entrance
    overlooks: Overlooks = field(default_factory=Overlooks)
    sessions: Sessions = field(default_factory=Sessions)
