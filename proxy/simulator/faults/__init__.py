"""Every fault the simulator can stage: one table of rows, by name. A new way to misbehave is a row in one of its parts."""

from collections.abc import Mapping
from typing import Final

from proxy.simulator.faults import events, lines, shape, silence, status, transport, usage
from proxy.simulator.faults.acts import Row

_PARTS: Final = (silence, status, transport, events, lines, shape, usage)

FAULTS: Final[Mapping[str, Row]] = {row.name: row for part in _PARTS for row in part.ROWS}
