"""Which run of the tests this process belongs to; for what all of its workers share."""

import os
from typing import Final

_VARIABLE: Final = "TEST_RUN_PID"


def begin() -> None:
    """Names this process as the one that the run began in; its workers inherit that."""
    os.environ[_VARIABLE] = str(os.getpid())


def began_in() -> int:
    """The process that the run began in: when it has ended, the run is over."""
    return int(os.environ[_VARIABLE])
