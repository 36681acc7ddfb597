"""The metrics page: plain numbers in, Prometheus text out; the only place that knows prometheus_client."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from proxy.telemetry.metrics import BOUNDS_MS, Counter, Gauge, Histogram, Numbers

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_BUCKETS: Final = (*(f"{bound_ms / 1_000:g}" for bound_ms in BOUNDS_MS), "+Inf")


def page(numbers: Numbers, gauges: Mapping[str, Gauge], include_cost: bool) -> bytes:
    """The page in the text format of CONTENT_TYPE; raw cost only with `include_cost`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Page(numbers, gauges, include_cost))
    return generate_latest(registry)


class _Page(Collector):
    def __init__(self, numbers: Numbers, gauges: Mapping[str, Gauge], include_cost: bool) -> None:
        self._numbers = numbers
        self._gauges = gauges
        self._include_cost = include_cost

    def collect(self) -> Iterator[Metric]:
        yield from _calls(self._numbers)
        yield from _attempts(self._numbers)
        yield from _credits(self._numbers)
        if self._include_cost:
            yield from _cost(self._numbers)
        for name, gauge in self._gauges.items():
            yield _gauge(name, gauge)


def _calls(numbers: Numbers) -> Iterator[Metric]:
    yield CounterMetricFamily("signalbox_calls_begun", "Calls that passed their decision.", value=numbers.begun)
    yield _counter("calls", "Calls finished.", ("status", "kind", "family"), numbers.calls)
    yield _counter("refusals", "Calls answered with an error instead.", ("code",), numbers.refusals)
    yield _counter("drops", "Candidates that a hard rule dropped.", ("reason",), numbers.drops)
    yield _counter("incidents", "Events outside a call.", ("name", "code"), numbers.incidents)
    yield _histogram("call_duration_seconds", "From request accepted to answer ended.", ("kind",), numbers.duration_ms)
    yield _histogram("ttft_seconds", "From request accepted to first content byte.", ("family",), numbers.ttft_ms)


def _attempts(numbers: Numbers) -> Iterator[Metric]:
    labels = ("provider", "model", "fault")
    yield _counter("attempts", "Upstream tries, by what went wrong.", labels, numbers.attempts)
    yield _counter("failovers", "Times the next candidate was tried, by the model left.", ("model",), numbers.failovers)
    help = "Broken answers that another model went on with, by the model left and the one that went on."
    yield _counter("rescues", help, ("model", "by"), numbers.rescues)
    yield _counter("retries", "Times the same model was tried again.", ("model",), numbers.retries)
    yield _counter("tokens", "Tokens (images for images) by billing class.", ("model", "class"), numbers.tokens)


def _credits(numbers: Numbers) -> Iterator[Metric]:
    help, labels = "Credits charged to callers.", ("family",)
    yield _counter("credits", help, labels, numbers.credits_milli, per_unit=1_000)
    help = "Credits of calls that the operator bears instead of the caller."
    yield _counter("absorbed_credits", help, labels, numbers.absorbed_milli, per_unit=1_000)


def _cost(numbers: Numbers) -> Iterator[Metric]:
    help, labels = "What providers bill us.", ("provider", "model")
    yield _counter("raw_cost_dollars", help, labels, numbers.raw_nano_usd, per_unit=10**9)


def _counter(name: str, help: str, labels: tuple[str, ...], counter: Counter, per_unit: int = 1) -> Metric:
    family = CounterMetricFamily(f"signalbox_{name}", help, labels=labels)
    for values, total in counter.totals.items():
        family.add_metric(values, total / per_unit)
    return family


def _gauge(name: str, gauge: Gauge) -> Metric:
    family = GaugeMetricFamily(f"signalbox_{name}", gauge.help, labels=gauge.labels)
    for values, number in gauge.read().items():
        family.add_metric(values, number)
    return family


def _histogram(name: str, help: str, labels: tuple[str, ...], histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(f"signalbox_{name}", help, labels=labels)
    for values, row in histogram.rows.items():
        buckets = list(zip(_BUCKETS, map(float, accumulate(row[:-1])), strict=True))
        family.add_metric(values, buckets, row[-1] / 1_000)
    return family
