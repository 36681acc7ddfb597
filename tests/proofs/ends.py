"""The proofs of what holds whoever calls and answers, by name: bounds, secrets, dialects, departures, the gateway's end."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.proofs import bounds, lifetimes
from tests.proofs.claims import Case
from tests.proofs.same import same
from tests.proofs.secrets import secrets
from tests.proofs.site import Site

ENDS: Final[Mapping[str, Callable[[Site], Case]]] = {
    "slow-readers": bounds.many_readers,
    "odd-streams": bounds.odd_streams,
    "bombs": bounds.bombs,
    "secrets": secrets,
    "one-script": same,
    "leaving": lifetimes.leaving,
    "left-whole": lifetimes.drained,
    "stopping": lifetimes.stopping,
    "stopping-hurried": lifetimes.hurried,
}
