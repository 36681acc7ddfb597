"""How fast a model answers: times to first token and speeds of streams in, what is recent and what is usual out; judges by
its own past alone, never by its rivals."""

from math import exp, log
from typing import Final, NamedTuple

RECENT_HALF_LIFE_MS: Final = 30_000
USUAL_HALF_LIFE_MS: Final = 3_600_000
# So many first tokens, as they weigh, are enough to say what is usual, and so many to say that it is not so now.
USUAL_MIN: Final = 20.0
RECENT_MIN: Final = 5.0
# Prompts differ in size and thoughts in length: only far more than usual is a sign, and never less than this.
SLOW_FACTOR: Final = 4.0
SLOW_MS_MIN: Final = 3_000
# Up to so much more than usual costs no score.
LENIENCE: Final = 2.0
_LENIENCE_LOG: Final = log(LENIENCE)
_NEGLIGIBLE: Final = 1e-6


class Mean(NamedTuple):
    """A mean of values, each weighing less as it grows old."""

    weight: float = 0.0
    total: float = 0.0

    def and_(self, value: float) -> "Mean":
        return Mean(self.weight + 1, self.total + value)

    def after(self, ms: int, half_life_ms: int) -> "Mean":
        fading = float(0.5 ** (max(0, ms) / half_life_ms))
        return Mean(self.weight * fading, self.total * fading)

    @property
    def value(self) -> float | None:
        return None if self.weight < _NEGLIGIBLE else self.total / self.weight


NONE: Final = Mean()


class Pace(NamedTuple):
    """Decayed means as of `at_ms`. Times to first token are kept as logarithms, so that one long wait among short ones does
    not speak for all; `speed` is in tokens a second."""

    at_ms: int = 0
    recent: Mean = NONE
    usual: Mean = NONE
    speed: Mean = NONE


UNKNOWN: Final = Pace()


def began(pace: Pace, ttft_ms: int, now_ms: int) -> Pace:
    """After a stream's first token."""
    pace = faded(pace, now_ms)
    logarithm = log(max(1, ttft_ms))
    return pace._replace(recent=pace.recent.and_(logarithm), usual=pace.usual.and_(logarithm))


def ran(pace: Pace, tokens_per_s: float, now_ms: int) -> Pace:
    """After a stream's last one. Speed is shown and never judged by: a caller that reads slowly slows it too."""
    pace = faded(pace, now_ms)
    return pace._replace(speed=pace.speed.and_(tokens_per_s))


def forgiven(pace: Pace) -> Pace:
    """With what is recent forgotten: what it was judged by once must not be held against it again."""
    return pace._replace(recent=NONE)


def is_slow(pace: Pace) -> bool:
    """Whether what is recent is far above what is usual."""
    ttft_ms = _ms(pace.recent)
    return ttft_ms is not None and pace.recent.weight >= RECENT_MIN and is_late(pace, ttft_ms)


def is_late(pace: Pace, ttft_ms: int) -> bool:
    """Whether one time to first token is. Who has no past yet is never late."""
    usual_ms = _ms(pace.usual)
    if usual_ms is None or pace.usual.weight < USUAL_MIN:
        return False
    return ttft_ms > max(SLOW_MS_MIN, SLOW_FACTOR * usual_ms)


def score(pace: Pace, now_ms: int) -> float:
    """1 while it is about as quick as usual, less the slower it is; drifts back to 1 as time passes."""
    pace = faded(pace, now_ms)
    recent_ms, usual_ms = _ms(pace.recent), _ms(pace.usual)
    if recent_ms is None or usual_ms is None or pace.usual.weight < USUAL_MIN:
        return 1.0
    share = min(1.0, LENIENCE * usual_ms / recent_ms)
    # What only few have seen counts by how few they are.
    sure = min(1.0, pace.recent.weight / RECENT_MIN)
    return 1.0 - sure * (1.0 - share)


def is_as_usual(pace: Pace) -> bool:
    """Whether its score is 1 now and will be as time passes."""
    if pace.usual.weight < USUAL_MIN:
        return True
    recent, usual = pace.recent.value, pace.usual.value
    return recent is None or usual is None or recent <= usual + _LENIENCE_LOG


def ttft_ms(pace: Pace) -> int | None:
    """The recent time to first token."""
    return _ms(pace.recent)


def tokens_per_s(pace: Pace) -> float | None:
    """The recent speed."""
    speed = pace.speed.value
    return None if speed is None else round(speed, 1)


def faded(pace: Pace, now_ms: int) -> Pace:
    """The same with its means as they weigh at `now_ms`."""
    ms = now_ms - pace.at_ms
    if ms == 0:
        return pace
    return Pace(
        at_ms=now_ms,
        recent=pace.recent.after(ms, RECENT_HALF_LIFE_MS),
        usual=pace.usual.after(ms, USUAL_HALF_LIFE_MS),
        speed=pace.speed.after(ms, RECENT_HALF_LIFE_MS),
    )


def _ms(mean: Mean) -> int | None:
    value = mean.value
    return None if value is None else round(exp(value))
