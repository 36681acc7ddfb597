"""The Recorder: finished calls and incidents in, log lines and numbers out; never keeps or passes on text."""

from collections.abc import Callable, Mapping
from typing import Final

from proxy.domain.call import Call
from proxy.domain.glance import Glance
from proxy.ports import Clock
from proxy.telemetry.glance import totals
from proxy.telemetry.line import call_line, word
from proxy.telemetry.log import LogWriter
from proxy.telemetry.metrics import NONE, Gauge, Labels, Numbers
from proxy.telemetry.tally import Readings, Tally

# A flood of failures must not become a flood of lines; every one of them is counted.
INCIDENT_LINES_PER_SECOND_MAX: Final = 20
_CODE_FACTS: Final = ("code", "why")


class Telemetry:
    """Implements Recorder. Somebody calls `flush` a few times a second and once at the end. With a `tally` it is one of several
    workers, and the page shows what all of them counted."""

    def __init__(self, log: LogWriter, clock: Clock, tally: Tally | None = None) -> None:
        self._log = log
        self._clock = clock
        self._tally = tally
        self._numbers = Numbers()
        self._gauges: dict[str, Gauge] = {}
        self._second = 0
        self._lines = 0
        self.watch("log_lines_lost", "Log lines that the stream did not take.", lambda: log.lost_lines)
        if tally is not None and tally.restore(self._numbers):
            self.incident("worker_restarted")

    def began(self) -> None:
        self._numbers.begun += 1

    def finished(self, call: Call) -> None:
        self._numbers.count(call)
        self._log.write(call_line(call))

    def incident(self, name: str, **facts: str | int) -> None:
        """`code` or `why` among the facts, where they are words, tell incidents of one name apart in the metrics."""
        words = {fact: word(value) if isinstance(value, str) else value for fact, value in facts.items()}
        code = next((words[fact] for fact in _CODE_FACTS if fact in words), NONE)
        self._numbers.incident(name, str(code))
        now_ms = self._clock.now_ms()
        if self._may_log(now_ms // 1_000):
            self._log.write({**words, "event": "incident", "at_ms": now_ms, "name": name})

    def watch(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Shows a number that somebody else keeps as the gauge `signalbox_NAME`."""
        self._gauges[name] = Gauge(help, (), lambda: {(): read()})

    def watch_each(
        self, name: str, help: str, labels: tuple[str, ...], read: Callable[[], Mapping[tuple[str, ...], float]]
    ) -> None:
        """The same for numbers by label values."""
        self._gauges[name] = Gauge(help, labels, read)

    def shown(self) -> tuple[Numbers, Mapping[str, Gauge]]:
        """What the metrics page says, for `render.page`."""
        if self._tally is None:
            return self._numbers, self._gauges
        # What has been shown once must not be lost with this process: a total that falls reads as a new beginning.
        self._share(self._tally)
        return self._tally.summed(self._numbers), _apart(self._gauges, self._tally)

    def glance(self) -> Glance:
        """What runs now and what was counted, of all workers."""
        tally = self._tally
        if tally is None:
            return Glance(self._reading("live_calls"), self._reading("waiting_calls"), totals(self._numbers))
        self._share(tally)
        others = tally.measured().values()
        live, waiting = (
            self._reading(name) + sum(int(sum(readings.get(name, {}).values())) for readings in others)
            for name in ("live_calls", "waiting_calls")
        )
        return Glance(live, waiting, totals(tally.summed(self._numbers)))

    def flush(self) -> None:
        """Writes the collected log lines, and lets other workers know what was counted."""
        self._log.flush()
        if self._tally is not None:
            self._share(self._tally)

    def _reading(self, name: str) -> int:
        gauge = self._gauges.get(name)
        return 0 if gauge is None else int(sum(gauge.read().values()))

    def _share(self, tally: Tally) -> None:
        try:
            tally.save(self._numbers, {name: gauge.read() for name, gauge in self._gauges.items()})
        except OSError:
            # The next one may find room again; neither calls nor the log wait for that.
            self._numbers.incident("tally_not_saved", NONE)

    def _may_log(self, second: int) -> bool:
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        return self._lines <= INCIDENT_LINES_PER_SECOND_MAX


def _apart(gauges: Mapping[str, Gauge], tally: Tally) -> dict[str, Gauge]:
    """The same gauges of every worker, told apart by the label `worker`."""
    measured = tally.measured()
    return {name: _of_all(name, gauge, tally.number, measured) for name, gauge in gauges.items()}


def _of_all(name: str, gauge: Gauge, own: int, measured: Mapping[int, Readings]) -> Gauge:
    def read() -> dict[Labels, float]:
        each = {number: readings.get(name, {}) for number, readings in measured.items()} | {own: gauge.read()}
        return {(*labels, str(number)): value for number in sorted(each) for labels, value in each[number].items()}

    return Gauge(gauge.help, (*gauge.labels, "worker"), read)
