"""The proof of `auto` on labelled prompts, in four cases; their tables stand on docs/proofs/auto.md, and no prompt does."""

import os
from pathlib import Path
from typing import Final

from tests.evals.prompts import Example, own
from tests.evals.shared import shared
from tests.proofs.auto import choices, fences, ladder, talk
from tests.proofs.auto.ground import PATIENT, ShippedHouse, claim_verified, user_key
from tests.proofs.claims import Case
from tests.proofs.site import Site

VARIABLE: Final = "SIGNALBOX_EVALS"
PROMPTS: Final = 300
# One in five is about risk: most of these are refused or harmless look-alikes, and money is compared on what is answered.
RISKY_SHARE: Final = 5
# A word that one rule more blocks, so that nothing harmful need be said.
FORBIDDEN: Final = """
[[rule]]
id = "proof-forbidden"
says = "hazard"
value = "cyber"
pattern = '\\bforbiddenword\\b'
"""
BAD: Final = {"model": "auto", "messages": [{"role": "user", "content": "the forbiddenword"}], "max_tokens": 8}
GOOD: Final = {"model": "auto", "messages": [{"role": "user", "content": "What is a railway signal?"}], "max_tokens": 8}


def prompts(count: int = PROMPTS) -> tuple[list[str], str]:
    """So many texts, spread over all there are, and whose they are: of the folder that SIGNALBOX_EVALS names, else own."""
    folder = os.environ.get(VARIABLE)
    found = shared(Path(folder)) if folder else own()
    risky = count // RISKY_SHARE
    tasks = [example for example in found if example.category is not None]
    risks = [example for example in found if example.risk is not None and example.category is None]
    return [*_spread(tasks, count - risky), *_spread(risks, risky)], "of the shared folder" if folder else "of our own"


def _spread(examples: list[Example], count: int) -> list[str]:
    return [examples[place * len(examples) // count].text for place in range(count)]


def chosen(site: Site) -> Case:
    """Every prompt in each mode, and of the best and the cheapest model by name."""
    texts, whose = prompts()
    case = Case(
        f"`auto` on {len(texts)} prompts {whose}, in each mode, beside always calling the best and always the cheapest model",
        "each answer says assistant, mode, reasons and credits; a mode costs what its name says",
    )
    house = _opened(site, PATIENT)
    rounds = choices.ask_in_every_way(house, house.key("admin"), texts)
    choices.claim(case, house, rounds)
    claim_verified(case, house)
    compared = f"{len(choices.shared_places(rounds))} prompts were answered in every way and are compared.\n\n"
    case.parts = {"auto": compared + choices.sums(house, rounds) + "\n" + choices.families(rounds)}
    return case


def fenced(site: Site) -> Case:
    """The same prompts behind plans, vetoes, lists, bounds and caps."""
    texts, whose = prompts()
    case = Case(
        f"`auto` on {len(texts)} prompts {whose} under {len(fences.FENCES)} kinds of bounds",
        "nothing outside plan, veto or cap",
    )
    house = _opened(site, PATIENT)
    found = fences.ask_behind_fences(house, house.key("admin"), texts)
    fences.claim(case, found)
    claim_verified(case, house)
    case.parts = {"auto-fences": fences.shown(found)}
    return case


def talked(site: Site) -> Case:
    """Conversations in turns, with restarts and a failing model."""
    case = Case(
        "conversations with `auto`",
        "they stay over remarks, restarts and tool exchanges, and leave when the task changes or the model fails",
    )
    house = _opened(site, PATIENT)
    found = talk.talks(case, house, user_key(house, house.key("admin"), "talker", "pro"))
    claim_verified(case, house)
    case.parts = {"auto-talk": talk.shown(found)}
    return case


def climbed(site: Site) -> Case:
    """Blocked prompts, costly loops and a batch."""
    case = Case(
        "the ladder of abuse", "slowed, sent to rest, told, forgiven by an admin; costly loops are seen, a batch is not one"
    )
    house = _opened(site, ladder.LADDER)
    admin = house.key("admin")
    found = [ladder.ladder(case, house, (admin, user_key(house, admin, "mallory", "pro")), BAD, GOOD)]
    keys = {name: user_key(house, admin, name, "pro") for name in ("looper", "grower", "batcher")}
    found += ladder.loops(case, house, admin, keys)
    claim_verified(case, house)
    case.parts = {"auto-ladder": ladder.shown(found)}
    return case


def opened(house: ShippedHouse) -> ShippedHouse:
    """The house with a word that is blocked, started."""
    with (house.config / "precheck.toml").open("a", encoding="utf-8") as rules:
        rules.write(FORBIDDEN)
    house.start()
    return house


def _opened(site: Site, policy: str) -> ShippedHouse:
    return opened(ShippedHouse(site.yard, site.folder / "shipped", site.yard.simulator(), policy))
