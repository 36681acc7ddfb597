"""The operator's settings in, the bounds of each room in its own words out; wires nothing."""

from proxy.api.reply import ReplyLimits
from proxy.api.services import ApiKnobs
from proxy.domain.plan import Rate
from proxy.pipeline import AnswerLimits, DrainLimits, Knobs, WaitingLimits
from proxy.settings import Settings
from proxy.stages.intake import IntakeLimits
from proxy.store.leases import LeaseLimits
from proxy.workers.herald import Webhook


def pipeline_knobs(settings: Settings) -> Knobs:
    """What bounds a call."""
    return Knobs(
        intake=_intake_limits(settings),
        refused_calls=Rate(settings.refused_calls_per_minute, 60),
        commit_wait_ms=settings.commit_wait_ms,
        settle_wait_ms=settings.settle_wait_ms,
        lease_ms=settings.lease_ms,
        answer_bytes_max=settings.answer_bytes_max,
        answers=AnswerLimits(settings.kept_answers_s * 1_000, settings.kept_answers_max, settings.kept_answers_bytes_max),
        drain=DrainLimits(settings.drain_wait_ms, settings.drain_bytes_max),
        waiting=WaitingLimits(settings.hold_wait_ms, settings.hold_waiters_max, settings.hold_share_percent),
    )


def api_knobs(settings: Settings, key_pepper: bytes) -> ApiKnobs:
    """What bounds a request and its reply."""
    return ApiKnobs(
        key_pepper=key_pepper,
        intake=_intake_limits(settings),
        body_bytes_max=settings.body_bytes_max,
        reply=ReplyLimits(settings.comment_every_ms, settings.stall_ms),
        metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else None,
        conversations_kept_days=settings.conversations_kept_days if settings.conversations else None,
    )


def webhook(settings: Settings) -> Webhook | None:
    """Where alerts are sent, if anywhere."""
    if settings.webhook_url is None or settings.webhook_secret is None:
        return None
    secret = settings.webhook_secret.get_secret_value().encode()
    return Webhook(settings.webhook_url, secret, settings.webhook_private_network)


def lease_limits(settings: Settings) -> LeaseLimits:
    """How long a silent process keeps its holds, and how often it says that it is not."""
    return LeaseLimits(settings.lease_ms, grace_ms=settings.lease_ms // 4, beat_ms=settings.lease_ms // 6)


def _intake_limits(settings: Settings) -> IntakeLimits:
    return IntakeLimits(nesting_max=settings.nesting_max, messages_max=settings.messages_max, tools_max=settings.tools_max)


def command_variables(settings: Settings) -> dict[str, str]:
    """The environment in which a command reads the same books."""
    return {
        "SIGNALBOX_DATABASE_URL": settings.database_url.get_secret_value(),
        "SIGNALBOX_CONFIG_DIR": str(settings.config_dir),
        "SIGNALBOX_PEPPER": "" if settings.pepper is None else settings.pepper.get_secret_value(),
    }
