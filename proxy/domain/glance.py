"""What a gateway came to until now, in few numbers, and what it does a second by two of them; reads no clock."""

from dataclasses import fields

from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class Totals:
    """Counted since the gateway began, all its processes together. `calls` are those made for users that ended, `failed` those
    of them that came to nothing or broke off; `faults` are attempts that failed. `heard` calls had a first token, after
    `ttft_ms` in sum. Credits are milli-credits, raw cost nano-USD."""

    calls: int = 0
    failed: int = 0
    refused: int = 0
    attempts: int = 0
    faults: int = 0
    tokens: int = 0
    heard: int = 0
    ttft_ms: int = 0
    credits_milli: int = 0
    raw_nano_usd: int = 0

    def since(self, earlier: "Totals") -> "Totals":
        """What came in between; a process that died since may have taken something along, which counts as nothing."""
        parts = {field.name: getattr(self, field.name) - getattr(earlier, field.name) for field in fields(self)}
        return Totals(**{name: max(0, value) for name, value in parts.items()})


@dataclass(frozen=True, slots=True)
class Glance:
    """A moment: what runs, and the totals until then."""

    live: int
    waiting: int
    totals: Totals
