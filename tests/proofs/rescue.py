"""Proofs about rescue: an answer of 60 tokens cut at every one of them, and every way in which another model goes on."""

from typing import Final, NamedTuple

import openai
from openai import OpenAI

from proxy.simulator.prompt import pieces
from proxy.simulator.tale import tale
from tests.e2e.harness import WAIT_S
from tests.proofs.books import claim_books
from tests.proofs.claims import Case
from tests.proofs.site import Site
from tests.proofs.terms import RICH_MILLI

TOKENS: Final = 60
ASKED: Final = "Tell me a tale."
TALE: Final = tale(ASKED, TOKENS)
# Said word for word by a model that repeats what it is asked. Its lines resemble each other, and some stand in it twice.
LIST: Final = """\
Pack for the hut:
- two maps
- one lamp
- two ropes of ten metres
- one lamp
- bread and cheese
- two maps
Then walk:
- up the valley road
- up the valley path
- over the bridge
- up the valley path
- over the bridge
- down to the lake
Rest."""


class Way(NamedTuple):
    """How the second model goes on: what the simulator is told of it, the rest of its row, and at how many of the cuts the
    caller must have the whole text at least."""

    name: str
    upstream: str
    row: str
    whole_min: int
    text: str = TALE

    @property
    def asked(self) -> str:
        return ASKED if self.text == TALE else self.text

    @property
    def script(self) -> str:
        return f"--tale={TOKENS}" if self.text == TALE else "--echo"

    @property
    def cuts(self) -> range:
        return range(1, len(pieces(self.text)) + 1)


class Read(NamedTuple):
    """What the official client made of one stream."""

    text: str
    ids: int
    finished: bool
    failed: bool

    def verdict(self, whole: str) -> str:
        """`whole`, `told` (an error and a true beginning), or what must never be."""
        if self.finished and not self.failed:
            return "whole" if self.text == whole and self.ids == 1 else "wrong"
        return "told" if self.failed and whole.startswith(self.text) and self.ids == 1 else "wrong"


# Asked, a model is believed only where what it repeats can be nothing else: no two words, nor an end without a word.
_JOINED_MIN: Final = TOKENS * 3 // 4
WAYS: Final = (
    Way("prefill", "--prefill", "prefill = true", TOKENS),
    Way("prefill, Anthropic's words", "", 'prefill = true\nprovider = "sage"', TOKENS),
    Way("asked: repeats the last words", "--continue=overlap", "", _JOINED_MIN),
    Way("asked: starts over", "--continue=start_over", "", _JOINED_MIN),
    Way("asked: repeats the line", "--continue=repeat_line", "", _JOINED_MIN),
    Way("asked: goes on at once", "--continue=exact", "", 0),
    Way("asked: paraphrases", "--continue=paraphrase", "", 0),
    Way("asked: takes it for a question", "", "", 0),
    Way("a list, prefill", "--prefill", "prefill = true", len(pieces(LIST)), LIST),
    Way("a list, asked: repeats the last words", "--continue=overlap", "", 0, LIST),
    Way("a list, asked: starts over", "--continue=start_over", "", 0, LIST),
    Way("a list, asked: repeats the line", "--continue=repeat_line", "", 0, LIST),
    Way("a list, asked: goes on at once", "--continue=exact", "", 0, LIST),
    Way("a list, asked: paraphrases", "--continue=paraphrase", "", 0, LIST),
)


def rescue(site: Site) -> Case:
    """A stream cut at every single token, for each way to go on with it."""
    case = Case(
        f"a stream cut at each of its tokens (a tale of {TOKENS}, a list of {len(pieces(LIST))}); {len(WAYS)} ways to go on",
        "by prefill the uncut text every time; asked, the uncut text or an error: never a wrong joint, never a quiet end",
    )
    house = site.house(site.yard.simulator())
    (house.config / "rescue.toml").write_text(_catalog())
    with site.running(house, 1) as (url,):
        key = house.key("user", "ann", "rich")
        with OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=WAIT_S) as client:
            for number, way in enumerate(WAYS):
                heard = [_read(client, way.asked, f"sim/{number}-cut-{at}", _second(number, way)) for at in way.cuts]
                verdicts = [read.verdict(way.text) for read in heard]
                whole, told, wrong = (verdicts.count(word) for word in ("whole", "told", "wrong"))
                case.claim(f"{way.name}: {whole} whole, {told} told, {wrong} wrong", not wrong and whole >= way.whole_min)
        claim_books(case, house, "ann", RICH_MILLI)
    return case


_MODEL: Final = """
[[model]]
id = "{id}"
family = "{family}"
upstream_name = "{upstream}"
context_tokens_max = 100_000
output_tokens_max = 1_000
prices = {{ input = "1", output = "10" }}
tags = ["proof"]
{row}
"""


def _catalog() -> str:
    # A first model for each cut: one that failed at every call would soon not be called any more.
    firsts = [
        _MODEL.format(id=f"sim/{number}-cut-{at}", family="first", upstream=f"sim-tale{way.script}--cut-after={at}", row="")
        for number, way in enumerate(WAYS)
        for at in way.cuts
    ]
    seconds = [
        _MODEL.format(id=_second(number, way), family="second", upstream=f"sim-second{way.script}{way.upstream}", row=way.row)
        for number, way in enumerate(WAYS)
    ]
    return "".join((*firsts, *seconds))


def _second(number: int, way: Way) -> str:
    return f"{'sage' if 'sage' in way.row else 'sim'}/{number}-goes-on"


def _read(client: OpenAI, asked: str, first: str, second: str) -> Read:
    text, ids, finished, failed = "", set(), False, False
    try:
        for chunk in client.chat.completions.create(
            model=first,
            messages=[{"role": "user", "content": asked}],
            stream=True,
            extra_body={"models": [first, second]},
        ):
            ids.add((chunk.id, chunk.created, chunk.model))
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finished = finished or choice.finish_reason == "stop"
    except openai.APIError:
        failed = True
    return Read(text, len(ids), finished, failed)
