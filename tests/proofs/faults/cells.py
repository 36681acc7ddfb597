"""What is asked: each fault in each dialect that has it, whole and streamed, alone and beside a healthy model; and the rows of
a catalog in which it can be asked. Calls nobody."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

from proxy.simulator.dialects.dialect import DIALECT_NAMES, DialectName
from proxy.simulator.faults import FAULTS
from proxy.simulator.faults.acts import Row
from proxy.simulator.schema import example
from proxy.simulator.surfaces import BASE_PATHS
from proxy.simulator.tale import tale

Beside = Literal["nobody", "prefill", "ask"]

WORDS: Final = 16
ASKED: Final = "Tell me a tale of harbours."
TALE: Final = tale(ASKED, WORDS)
ASKED_TOOL: Final = "look_up Lisbon for me"
TOOL: Final = "look_up"
_PARAMETERS: Final = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ARGUMENTS: Final = example(_PARAMETERS, ASKED_TOOL)
TOOL_FIELDS: Final[Mapping[str, Any]] = {
    "tools": [{"type": "function", "function": {"name": TOOL, "parameters": _PARAMETERS}}],
    "tool_choice": {"type": "function", "function": {"name": TOOL}},
}
# Silence is not tried again: who is mute stays mute.
SILENCE: Final = frozenset(
    ["black_hole", "mute", "mute_after_headers", "first_token_late", "murmur_first", "stall", "stall_before_end", "murmur"]
)
# How long a failing model is given: where nothing is to come nobody need wait; else a busy machine must not be the fault.
_SHORT: Final = "connect_ms = 1_500, first_byte_ms = 4_000, idle_ms = 3_000, total_ms = 60_000"
_LONG: Final = "connect_ms = 20_000, first_byte_ms = 30_000, idle_ms = 30_000, total_ms = 90_000"
# A byte a millisecond is slow enough; twenty would only take longer. Nothing else is told otherwise than its row says.
_NUMBERS: Final = {"drip": {"gap_ms": 1}}
# What these break is the call after one that they answered well.
_SHOWN_BY_THE_NEXT: Final = frozenset({"dead_next", "silent_close"})


class Cell(NamedTuple):
    """One call. `number` makes it a provider and a model of its own: one that failed before would soon not be called."""

    number: int
    row: Row
    dialect: DialectName
    stream: bool
    beside: Beside

    @property
    def first(self) -> str:
        return f"c{self.number}/first"

    @property
    def second(self) -> str | None:
        """Who is next. OpenAI's words are followed by Anthropic's, all others by OpenAI's."""
        if self.beside == "nobody":
            return None
        if self.row.needs == "tools":
            return "second/tools"
        if self.beside == "ask":
            return "second/asked"
        return "second-sage/prefill" if self.dialect in ("openai", "openrouter") else "second/prefill"

    @property
    def times(self) -> int:
        """How often it is asked; the last answer counts."""
        return 2 if self.row.name in _SHOWN_BY_THE_NEXT else 1

    @property
    def body(self) -> dict[str, Any]:
        """The request."""
        with_tools = self.row.needs == "tools"
        asked = {"role": "user", "content": ASKED_TOOL if with_tools else ASKED}
        models = [self.first] if self.second is None else [self.first, self.second]
        fields = TOOL_FIELDS if with_tools else {}
        return {"model": self.first, "models": models, "messages": [asked], "stream": self.stream, **fields}


def cells(names: Iterable[str] = FAULTS) -> list[Cell]:
    """All cells of these faults."""
    found: list[Cell] = []
    for name in names:
        row = FAULTS[name]
        for dialect in DIALECT_NAMES:
            for stream in (False, True):
                if dialect in row.dialects and (row.door or (row.stream if stream else row.whole) is not None):
                    found += [
                        Cell(len(found) + extra, row, dialect, stream, how) for extra, how in enumerate(_company(row, stream))
                    ]
    return found


def _company(row: Row, stream: bool) -> tuple[Beside, ...]:
    """Only what breaks off in the middle is gone on with."""
    return ("nobody", "prefill", "ask") if stream and row.leaves == "part" else ("nobody", "prefill")


def catalog(asked: Iterable[Cell], first_url: str, second_url: str, doors: Mapping[str, str]) -> str:
    """The rows for these cells: where the failing provider and the healthy one listen, and where connecting fails."""
    return seconds(second_url) + "".join(_first(cell, doors.get(cell.row.name, first_url)) for cell in asked)


def seconds(url: str) -> str:
    """The rows of a healthy provider, and the plan of who may call it."""
    return _SECONDS.replace("SECOND", url)


def firsts(dialects: Mapping[str, DialectName], url: str) -> str:
    """The rows of providers that fail only when a prompt says so, by id."""
    return "".join(
        _FIRST.format(id=id, url=url + BASE_PATHS[dialect], dialect=dialect, name=f"sim-first--tale.{WORDS}", timeouts=_SHORT)
        for id, dialect in dialects.items()
    )


def _first(cell: Cell, url: str) -> str:
    numbers = {**cell.row.numbers, **_NUMBERS.get(cell.row.name, {})}
    fault = "".join(f".{key}.{value}" for key, value in numbers.items())
    script = "sim-first" if cell.row.needs == "tools" else f"sim-first--tale.{WORDS}"
    # Points, for not every dialect has room for signs in a name.
    name = script if cell.row.door else f"{script}--fault.{cell.row.name}{fault}"
    timeouts = _SHORT if cell.row.name in SILENCE else _LONG
    base_url = url + BASE_PATHS[cell.dialect]
    return _FIRST.format(id=f"c{cell.number}", url=base_url, dialect=cell.dialect, name=name, timeouts=timeouts)


_FIRST: Final = """
[[provider]]
id = "{id}"
name = "A provider that fails in one way"
base_url = "{url}"
dialect = "{dialect}"
private_network = true
timeouts = {{ {timeouts} }}

[[model]]
id = "{id}/first"
family = "first"
upstream_name = "{name}"
context_tokens_max = 16_000
output_tokens_max = 200
prices = {{ input = "1", output = "1000" }}
tools = true
"""
_SECONDS: Final = f"""
[[provider]]
id = "second"
name = "A healthy provider"
base_url = "SECOND/v1"
private_network = true

[[provider]]
id = "second-sage"
name = "A healthy provider, in Anthropic's words"
base_url = "SECOND/v1"
dialect = "anthropic"
private_network = true

[[model]]
id = "second/prefill"
family = "second"
upstream_name = "sim-second--tale={WORDS}--prefill"
context_tokens_max = 32_000
output_tokens_max = 200
prices = {{ input = "1", output = "1000" }}
prefill = true

[[model]]
id = "second-sage/prefill"
family = "second"
upstream_name = "sim-second--tale={WORDS}"
context_tokens_max = 32_000
output_tokens_max = 200
prices = {{ input = "1", output = "1000" }}
prefill = true

[[model]]
id = "second/asked"
family = "second"
upstream_name = "sim-second--tale={WORDS}--continue=overlap"
context_tokens_max = 32_000
output_tokens_max = 200
prices = {{ input = "1", output = "1000" }}

[[model]]
id = "second/tools"
family = "second"
upstream_name = "sim-second"
context_tokens_max = 32_000
output_tokens_max = 200
prices = {{ input = "1", output = "1000" }}
tools = true

[[plan]]
id = "wide"
name = "Wide"
models = ["*"]
concurrency_max = 1_000
[[plan.allowances]]
window = "month"
credits = 100_000_000
"""
