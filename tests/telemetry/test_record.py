"""The Recorder end to end: calls and incidents in, a log and a page out that real readers understand."""

import io
from typing import Any

import orjson
from prometheus_client.parser import text_string_to_metric_families

from proxy.telemetry.log import LogWriter
from proxy.telemetry.record import INCIDENT_LINES_PER_SECOND_MAX, Telemetry
from proxy.telemetry.render import page
from tests.builders import attempt, call

MARKER = "my secret MARKER"


class HandClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ns(self) -> int:
        return self.ms * 1_000_000

    def elapsed_ns(self) -> int:
        return self.ms * 1_000_000


class Desk:
    """A Telemetry with its clock and what it has logged."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.stream = io.BytesIO()
        self.telemetry = Telemetry(LogWriter(self.stream), self.clock)

    def lines(self) -> list[dict[str, Any]]:
        self.telemetry.flush()
        return [orjson.loads(line) for line in self.stream.getvalue().splitlines()]

    def samples(self, include_cost: bool = False) -> dict[str, float]:
        """What a scraper reads: `name label=value ...` (the prefix left out, labels in order) to number."""
        families = text_string_to_metric_families(page(*self.telemetry.shown(), include_cost).decode())
        samples = [sample for family in families for sample in family.samples]
        return {_shown(sample.name, sample.labels): sample.value for sample in samples}


def _shown(name: str, labels: dict[str, str]) -> str:
    return " ".join([name.removeprefix("signalbox_"), *(f"{label}={value}" for label, value in sorted(labels.items()))])


def test_a_finished_call_is_one_line_and_shows_on_the_page() -> None:
    desk = Desk()
    desk.telemetry.began()
    desk.telemetry.finished(call(credits_milli=1_500, attempts=(attempt(),)))
    assert [line["event"] for line in desk.lines()] == ["call"]
    samples = desk.samples()
    assert samples["calls_begun_total"] == 1
    assert samples["calls_total family=open kind=chat status=served"] == 1
    assert samples["credits_total family=open"] == 1.5
    assert samples["attempts_total fault=none model=p/m provider=p"] == 1


def test_a_histogram_is_cumulative_and_in_seconds() -> None:
    desk = Desk()
    for ttft_ms in (10, 60, 900_000):
        desk.telemetry.finished(call(ttft_ms=ttft_ms))
    samples = desk.samples()
    buckets = [samples[f"ttft_seconds_bucket family=open le={le}"] for le in ("0.025", "0.05", "0.1", "600", "+Inf")]
    assert buckets == [1, 1, 2, 2, 3]
    assert samples["ttft_seconds_count family=open"] == 3
    assert samples["ttft_seconds_sum family=open"] == 900.07


def test_raw_cost_is_on_the_page_only_when_asked_for() -> None:
    desk = Desk()
    desk.telemetry.finished(call(attempts=(attempt(raw_nano_usd=2_500_000_000),)))
    assert desk.samples(include_cost=True)["raw_cost_dollars_total model=p/m provider=p"] == 2.5
    assert b"cost" not in page(*desk.telemetry.shown(), include_cost=False)


def test_an_incident_is_a_line_and_a_count_by_name_and_code() -> None:
    desk = Desk()
    desk.telemetry.incident("hold_refused", code="insufficient_credits", wait_ms=3)
    desk.telemetry.incident("settle_late")
    assert desk.lines()[0] == {
        "event": "incident",
        "at_ms": desk.clock.ms,
        "name": "hold_refused",
        "code": "insufficient_credits",
        "wait_ms": 3,
    }
    samples = desk.samples()
    assert samples["incidents_total code=insufficient_credits name=hold_refused"] == 1
    assert samples["incidents_total code=none name=settle_late"] == 1


def test_a_flood_of_incidents_is_counted_whole_and_logged_in_part() -> None:
    desk = Desk()
    for _ in range(500):
        desk.telemetry.incident("auth_failed", why="unknown")
    assert len(desk.lines()) == INCIDENT_LINES_PER_SECOND_MAX
    desk.clock.ms += 1_000
    desk.telemetry.incident("auth_failed", why="unknown")
    assert len(desk.lines()) == INCIDENT_LINES_PER_SECOND_MAX + 1
    assert desk.samples()["incidents_total code=unknown name=auth_failed"] == 501


def test_a_watched_number_is_read_when_the_page_is_asked_for() -> None:
    desk = Desk()
    live = [3]
    desk.telemetry.watch("live_streams", "Streams open now.", lambda: live[0])
    live[0] = 4
    assert desk.samples()["live_streams"] == 4


def test_no_text_reaches_the_log_or_the_page() -> None:
    desk = Desk()
    desk.telemetry.incident("reload_failed", why=MARKER, what=MARKER)
    desk.telemetry.finished(
        call(
            asked=(MARKER,),
            code=MARKER,
            reason=MARKER,
            status="refused",
            request_id=MARKER,
            conversation_id=MARKER,
            metadata={MARKER: MARKER},
            attempts=(attempt(provider_code=MARKER, provider_request_id=MARKER),),
        )
    )
    desk.telemetry.flush()
    assert "MARKER" not in desk.stream.getvalue().decode()
    assert "MARKER" not in page(*desk.telemetry.shown(), include_cost=True).decode()


def test_names_that_callers_make_up_never_become_series() -> None:
    desk = Desk()
    before = len(desk.samples())
    for n in range(100):
        desk.telemetry.finished(call(asked=(f"made/up-{n}",), status="refused", code=f"code-{n}", family=None, model_id=None))
    assert len(desk.samples()) - before < 60


def test_numbers_that_others_keep_by_label_are_read_when_the_page_is_asked_for() -> None:
    desk = Desk()
    phases: dict[tuple[str, ...], float] = {("p/m",): 2.0}
    desk.telemetry.watch_each("model_breaker", "Breakers.", ("model",), lambda: phases)
    assert desk.samples()["model_breaker model=p/m"] == 2.0
    phases.clear()
    assert "model_breaker model=p/m" not in desk.samples()
