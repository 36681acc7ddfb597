"""The proof that one program with the official client is told the same, whichever dialect its provider speaks."""

from openai import OpenAI

from tests.e2e.client_script import Program, run, without
from tests.e2e.dialects import DIALECTS, UNTOLD, dialect_catalog
from tests.e2e.harness import WAIT_S, House
from tests.proofs.claims import Case
from tests.proofs.site import Site


def same(site: Site) -> Case:
    """The script of the tests, once for each dialect; held against what it is told where nothing is translated."""
    case = Case(
        f"one client script (tools, vision, JSON, reasoning, stop, streams) over {len(DIALECTS)} dialects",
        "whole objects identical, less ids, times, model names and what a provider signs for itself",
    )
    simulator = site.yard.simulator()
    house = House(site.yard, site.folder / "house", [simulator])
    (house.config / "dialects.toml").write_text(dialect_catalog(simulator.url))
    house.start()
    with OpenAI(base_url=f"{house.url}/v1", api_key=house.key("user", "ann", "every"), max_retries=0, timeout=WAIT_S) as client:
        told = {name: run(Program(client, f"{name}/small", f"{name}/reason")) for name in DIALECTS}
    native, *others = DIALECTS
    for name in others:
        untold = UNTOLD.get(name, ())
        differ = [step for step in told[native] if without(told[name][step], untold) != without(told[native][step], untold)]
        less = f" (less {', '.join(untold)}, which it does not tell)" if untold else ""
        case.claim(f"{name}: {len(told[name])} steps as with {native}{less}, {differ or 'none'} otherwise", not differ)
    return case
