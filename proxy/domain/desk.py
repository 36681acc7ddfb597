"""What people write down beside calls: changes with author and reason, audit lines, plan requests, conversations, prompts
checked, usage and cost rows; values only."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from proxy.domain.account import KeyKind
from proxy.domain.call import Call
from proxy.domain.usage import Kind
from proxy.domain.value import dataclass
from proxy.domain.verdict import Risk

# Whatever a list is asked for, one page looks at so many rows at most.
LOOKED_AT_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something and why; every admin write carries one. `actor` is `key:ID` or `cli`."""

    actor: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the append-only audit log. `subject` is `kind:ID`; before and after hold no secrets."""

    id: int
    at_ms: int
    actor: str
    action: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str | None


RequestSubject = Literal["plan", "model", "family", "credits"]


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A user asks for more: a plan, a model, a family or extra credits (`target` names it; for credits: milli-credits).

    `decided_by` is an actor; `answer` the words the user sees, `given` what was given of what was asked for (in the same
    form) and `until_ms` how long. A user has at most one open request for a plan, one for credits, and one for each model or
    family.
    """

    id: str
    user_id: str
    subject: RequestSubject
    target: str
    words: str
    status: Literal["open", "approved", "denied"]
    created_at_ms: int
    decided_at_ms: int | None = None
    decided_by: str | None = None
    answer: str | None = None
    given: str | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits given outside the plan's windows: a bucket with an order and an expiry, in milli-credits."""

    id: str
    account_id: str
    kind: Literal["grant", "topup"]
    amount_milli: int
    reason: str
    created_at_ms: int
    family: str | None = None
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Groups calls and sticks to an assistant. `title` stays None unless the operator stores conversations."""

    id: str
    user_id: str
    assistant_id: str | None
    title: str | None
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class PromptCheck:
    """What precheck said of one call's prompt; offsets are kept with it, never text."""

    id: str
    call_id: str
    conversation_id: str | None
    category: str
    risk: Risk
    recommended_assistant: str | None
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """What one call counts for its user. `quantity` is tokens (images for images, 1 for a precheck), `display_units`
    milli-credits."""

    id: str
    user_id: str
    type: Kind
    quantity: int
    display_units: int
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class CostRecord:
    """What one billable attempt cost the operator (nano-USD) and showed the user (milli-credits; 0 if uncharged)."""

    id: str
    call_id: str
    raw_cost: int
    display_cost: int
    multiplier_ppm: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """How one entry moved one counter: `scope` and `name` and `epoch` name it, the rest is the change."""

    scope: str
    name: str
    epoch: str
    spent: int
    held: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One append-only ledger line: the truth of the books. `amount_milli` is what it is about."""

    id: str
    hold_id: str | None
    account_id: str
    kind: Literal["hold", "extend", "settle", "release", "grant", "reset", "adjust"]
    amount_milli: int
    at_ms: int
    lines: tuple[LedgerLine, ...]


UsageGroup = Literal["day", "family", "model", "assistant", "tag"]


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One group of a user's usage: calls, tokens and credits; never raw cost."""

    group: str
    calls: int
    input_tokens: int
    output_tokens: int
    credits_milli: int


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls to list, newest first. `before_id` is the keyset cursor (a call id; ids are time-ordered). Whatever is asked
    for, a page looks at `rows_max` calls at most: a `request_id`, which is the caller's own word, is looked for among the
    newest of them alone."""

    user_id: str | None = None
    app_id: str | None = None
    key_id: str | None = None
    model_id: str | None = None
    status: str | None = None
    request_id: str | None = None
    kinds: tuple[Kind, ...] | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    before_id: str | None = None
    limit: int = 50
    rows_max: int = LOOKED_AT_MAX


@dataclass(frozen=True, slots=True)
class CallPage:
    """What a page found. `stopped_at` is the last call that it looked at, where it had looked at all it may before it was
    full; whoever goes on before that one looks further."""

    calls: list[Call]
    stopped_at: str | None = None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines of the audit log to list: of a subject (`kind:ID`), by an actor, of a period."""

    subject: str | None = None
    actor: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys to list, newest first; `live_at_ms` leaves out those that are revoked or had expired by then. `before_id` is
    the keyset cursor."""

    user_id: str | None = None
    app_id: str | None = None
    kind: KeyKind | None = None
    live_at_ms: int | None = None
    before_id: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ModelUser:
    """One of those who called a model: how often, and for how much in milli-credits, as far as was looked."""

    user_id: str
    calls: int
    credits_milli: int


@dataclass(frozen=True, slots=True)
class ModelUsers:
    """Who called a model, the keenest first. `users` counts all of them; where there were more calls than may be looked at,
    they are those since `stopped_at_ms`, else it is None."""

    model_id: str
    users: int
    keenest: tuple[ModelUser, ...]
    stopped_at_ms: int | None


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Usage of one account on every UTC day that the period touches, grouped; `tag` names the metadata key when grouped by
    tag."""

    user_id: str
    from_ms: int
    until_ms: int
    group: UsageGroup
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Chat calls of a period, of one user or of all; those after the call at a moment with an id, where that is given."""

    from_ms: int
    until_ms: int
    user_id: str | None = None
    after: tuple[int, str] | None = None
    limit: int = 100


CatalogKind = Literal["provider", "model", "alias", "assistant", "plan", "policy"]


@dataclass(frozen=True, slots=True)
class CatalogPatch:
    """One field an admin changed over the files' value. `base` is the value it saw; field `*` with value None deletes the
    row, with a mapping makes one."""

    kind: CatalogKind
    object_id: str
    name: str
    base: Any
    value: Any
    author: str
    reason: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class RowChange:
    """Fields of one catalog row as they might be; one that `makes` its row has all of them, one by which it `goes` none."""

    kind: CatalogKind
    object_id: str
    fields: Mapping[str, Any]
    makes: bool = False
    goes: bool = False


@dataclass(frozen=True, slots=True)
class PatchState:
    """How a patch stands against today's files (contract 10)."""

    patch: CatalogPatch
    state: Literal["plain", "shadowed", "orphaned"]
    file_value: Any


@dataclass(frozen=True, slots=True)
class CeilingPlace:
    """A ceiling on raw cost in one UTC day, and the operator's file that sets it."""

    scope: str
    dollars_per_day: str
    file: str


@dataclass(frozen=True, slots=True)
class RowDifference:
    """What would become of one row in force: made (no `before`), dropped (no `after`) or changed. Both hold the fields that
    differ alone, with their defaults filled in."""

    kind: CatalogKind
    object_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CatalogMistake:
    """One thing that stands in a catalog's way: where (a file, or what was proposed), at which key, and what would be right."""

    file: str
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class CatalogOutlook:
    """What a catalog that is not in force would change. With mistakes nothing of it could go into force, `revision` is None and
    there are no differences. Precheck rules and ceilings are no rows: of them it is only said that they differ."""

    revision: str | None
    differences: tuple[RowDifference, ...]
    mistakes: tuple[CatalogMistake, ...]
    rules_differ: bool
    ceilings_differ: bool
