"""The health board in, two gauges of its breakers out; judges nothing."""

from proxy.ports import HealthBoard
from proxy.telemetry.record import Telemetry


def watch_breakers(telemetry: Telemetry, board: HealthBoard) -> None:
    """Shows every breaker that was tried: 0 closed, 1 half open, 2 open."""
    places = {"closed": 0.0, "half_open": 1.0, "open": 2.0}
    says = "Breakers of {} that were tried: 0 closed, 1 half open, 2 open."
    telemetry.watch_each(
        "model_breaker",
        says.format("models"),
        ("model",),
        lambda: {(id,): places[seen.phase] for id, seen in board.report().models.items()},
    )
    telemetry.watch_each(
        "provider_breaker",
        says.format("providers"),
        ("provider",),
        lambda: {(id,): places[seen.phase] for id, seen in board.report().providers.items()},
    )
