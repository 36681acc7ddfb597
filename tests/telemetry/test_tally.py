"""What several workers count is one page, whichever of them is asked, and whoever of them has died."""

import io
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from proxy.telemetry.log import LogWriter
from proxy.telemetry.record import Telemetry
from proxy.telemetry.render import page
from proxy.telemetry.tally import Tally, forget_measured
from tests.builders import attempt, call
from tests.telemetry.test_record import HandClock

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def _worker(folder: Path, number: int) -> Telemetry:
    return Telemetry(LogWriter(io.BytesIO()), HandClock(), Tally(folder, number))


def _page(telemetry: Telemetry) -> Samples:
    families = text_string_to_metric_families(page(*telemetry.shown(), include_cost=True).decode())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


def _worked(telemetry: Telemetry, calls: int) -> None:
    for _ in range(calls):
        telemetry.began()
        telemetry.finished(call(credits_milli=1_500, duration_ms=150, attempts=(attempt(),)))


def _measuring(telemetry: Telemetry, value: float) -> None:
    telemetry.watch("live_calls", "Calls.", lambda: value)
    telemetry.watch_each("model_breaker", "Breakers.", ("model",), lambda: {("m",): value})
    telemetry.flush()


def _counted(page: Samples) -> Samples:
    return {key: value for key, value in page.items() if "worker" not in dict(key[1])}


def test_every_worker_shows_what_all_counted_in_counters_and_histograms(tmp_path: Path) -> None:
    one, two, alone = _worker(tmp_path, 1), _worker(tmp_path, 2), Telemetry(LogWriter(io.BytesIO()), HandClock())
    _worked(one, 3)
    _worked(two, 2)
    _worked(alone, 5)
    one.flush()
    two.flush()
    expected = {key: value for key, value in _page(alone).items() if key[0] != "signalbox_log_lines_lost"}
    assert expected[("signalbox_calls_begun_total", ())] == 5
    assert _counted(_page(one)) == _counted(_page(two)) == expected


def test_gauges_are_told_apart_by_the_worker(tmp_path: Path) -> None:
    one, two = _worker(tmp_path, 1), _worker(tmp_path, 2)
    _measuring(one, 4)
    _measuring(two, 7)
    for shown in (_page(one), _page(two)):
        assert shown[("signalbox_live_calls", (("worker", "1"),))] == 4
        assert shown[("signalbox_live_calls", (("worker", "2"),))] == 7
        assert shown[("signalbox_model_breaker", (("model", "m"), ("worker", "2")))] == 7


def test_what_a_dead_worker_counted_stays_and_what_it_measured_ends(tmp_path: Path) -> None:
    one, two = _worker(tmp_path, 1), _worker(tmp_path, 2)
    _worked(two, 2)
    two.flush()
    forget_measured(tmp_path, 2)
    page = _page(one)
    assert page[("signalbox_calls_begun_total", ())] == 2
    assert ("signalbox_log_lines_lost", (("worker", "2"),)) not in page


def test_the_next_at_its_post_goes_on_counting_and_says_that_it_is_another(tmp_path: Path) -> None:
    _worked(first := _worker(tmp_path, 1), 2)
    first.flush()
    _worked(second := _worker(tmp_path, 1), 1)
    page = _page(second)
    assert page[("signalbox_calls_begun_total", ())] == 3
    assert page[("signalbox_incidents_total", (("code", "none"), ("name", "worker_restarted")))] == 1


def test_what_was_shown_once_outlives_who_showed_it(tmp_path: Path) -> None:
    one, two = _worker(tmp_path, 1), _worker(tmp_path, 2)
    _worked(two, 2)
    shown = _counted(_page(two))
    del two
    assert _counted(_page(one)) == shown


def test_a_folder_that_is_gone_ends_neither_calls_nor_log(tmp_path: Path) -> None:
    folder = tmp_path / "crew"
    folder.mkdir()
    stream = io.BytesIO()
    telemetry = Telemetry(LogWriter(stream), HandClock(), Tally(folder, 1))
    folder.rmdir()
    _worked(telemetry, 1)
    telemetry.flush()
    assert stream.getvalue().count(b"\n") == 1
    assert _page(telemetry)[("signalbox_calls_begun_total", ())] == 1


@pytest.mark.parametrize("lines", [1, 200])
def test_lines_of_several_workers_leave_whole_and_say_whose_they_are(lines: int) -> None:
    pieces: list[bytes] = []

    class Pipe(io.BytesIO):
        def write(self, data: object, /) -> int:
            assert isinstance(data, bytes)
            pieces.append(data)
            return len(data)

    log = LogWriter(Pipe(), {"worker": 2})
    for number in range(lines):
        log.write({"event": "call", "number": number, "padding": "x" * 100})
    log.flush()
    assert all(len(piece) <= 4_096 and piece.endswith(b"\n") for piece in pieces)
    assert b"".join(pieces).count(b'"worker":2}\n') == lines
