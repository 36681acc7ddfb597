"""The proof that no secret of a provider gets out, whatever the provider does with it."""

from tests.e2e.dialects import DIALECTS
from tests.e2e.gossip import MANNERS
from tests.e2e.planted import PLACES, planted
from tests.proofs.claims import Case
from tests.proofs.site import Site


def secrets(site: Site) -> Case:
    """Providers of every dialect that say their secrets in every manner; all kinds of call."""
    case = Case(
        f"keys, addresses, headers and bodies of providers as secrets; {len(DIALECTS)} dialects, {len(MANNERS)} manners",
        "found in no answer, header, page, log line, metric, record or command's output",
    )
    found = planted(site.yard, site.folder / "house", site.yard.simulator())
    case.claim(f"{len(found.told['user'])} answers to a user, {len(found.told['admin'])} to an admin", bool(found.asked))
    for place in PLACES:
        size = sum(map(len, found.told[place]))
        leaks = found.leaks(place)
        case.claim(f"{place} ({size} characters): {leaks[:2] or 'none'}", size > 0 and not leaks)
    return case
