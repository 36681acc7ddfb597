"""What contract 6 says must come of a fault: a cell in, what the caller must hear out.
Written down from the contract and the fault's own sentence, never from what was seen; asks nobody."""

from dataclasses import dataclass
from typing import Final, Literal

from proxy.simulator.faults.acts import Leaves
from tests.proofs.faults.cells import SILENCE, Cell

Says = Literal["all", "beginning", "nothing", "filtered", "refusal", "thoughts", "as_said"]

FAILED: Final = frozenset({"upstream_error", "no_model_available"})
SILENT: Final = frozenset({"upstream_timeout"})
EITHER: Final = FAILED | SILENT
_RETRIED: Final = 2

# A status that says that somebody behind the provider was silent.
_SAID_SILENT: Final = frozenset(["timeout", "gateway_timeout", "gateway_timeout_html"])
# Trouble of our key or account: once, and never shown to the caller as his.
OURS: Final = frozenset(
    [
        "key_invalid",
        "key_revoked",
        "payment_required",
        "quota_out",
        "wrong_region",
        "forbidden",
        "model_unknown",
        "forbidden_html",
    ]
)
# What is meant by the model or said about the request, and is for the caller to hear.
_REQUEST: Final = frozenset({"bad_request", "too_large", "unprocessable"})
_POLICY: Final = frozenset({"content_refused", "prompt_blocked"})
# Where nobody can say more than this, why. Each counts for the dialects and modes that are named with it.
WHY: Final[dict[str, str]] = {
    "first_token_late": "It would be whole after a minute; the model is given a few seconds.",
    "gzip_bomb": "It would be whole beyond what may be unpacked.",
    "deep_json": "It would be whole beyond how deep a value may be nested.",
    "json_for_stream": "It is not what was asked for: no answer to begin a stream with.",
    "stream_for_json": "It is not what was asked for: no answer to be taken as a whole.",
    "deltas_doubled": "Words that are said twice may be meant; nobody can tell.",
    "tool_arguments_broken": "What a model writes is its own; OpenAI's may write arguments that are no JSON, and it says so.",
    "only_thoughts": "Reasoning explains an answer with nothing in it, and is paid for.",
    "finish_error": "In a stream the words are said before the reason to finish that takes them back.",
    "finish_null": "Gemini's streams have no end but the reason to finish.",
    "finish_empty": "Gemini's streams have no end but the reason to finish.",
    "finish_number": "Gemini's streams have no end but the reason to finish.",
    "bad_chunk": "What breaks comes after the last word and the reason to finish: it takes nothing from the answer.",
    "content_after_finish": "The last word is passed on behind the reason to finish, as it came; who reads to the end has it.",
    "quota_out": "Gemini says the same words of a rate limit, so it is tried once more.",
}
_LATE_OR_LARGE: Final = frozenset({"first_token_late", "gzip_bomb", "deep_json", "json_for_stream", "stream_for_json"})
_AS_SAID: Final = frozenset({"deltas_doubled", "tool_arguments_broken"})
_ENDS: Final = frozenset({"finish_null", "finish_empty", "finish_number"})
_SAID: Final[dict[str, Says]] = {"filtered": "filtered", "refusal": "refusal", "only_thoughts": "thoughts"}
_WORDS: Final[dict[Says, str]] = {
    "all": "whole",
    "as_said": "as the model said it",
    "filtered": "what was said, and `content_filter`",
    "refusal": "the refusal",
    "thoughts": "the reasoning, and nothing",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a caller must hear. `codes` are the errors that say it, one of which must come (none: there must be no error); with
    status 200 it comes as an event. `firsts_max` is how often the failing model may be called, `charged` whether it costs."""

    status: frozenset[int]
    codes: frozenset[str]
    says: Says
    firsts_max: int
    charged: bool

    @property
    def words(self) -> str:
        """The same for people."""
        if not self.codes:
            return _WORDS[self.says]
        error = "error event" if self.says == "beginning" else " or ".join(str(status) for status in sorted(self.status))
        return f"{error}: {' or '.join(sorted(self.codes))}"


_STATUS: Final = {"upstream_error": 502, "no_model_available": 503, "upstream_timeout": 504}
_TABLE: Final = {"invalid_request": 400, "context_length_exceeded": 400, "content_policy_violation": 400, **_STATUS}


def expected(cell: Cell) -> Expected:
    """What must come of this fault, beside nobody or beside a healthy model that goes on by prefill or by being asked."""
    row, is_alone = cell.row, cell.beside == "nobody"
    leaves = _leaves(cell)
    if leaves == "wrong":
        return _answer("as_said", 1)
    if row.name in _SAID:
        return _answer(_SAID[row.name], 1)
    if leaves == "refusal":
        return _refused(row.name, is_alone)
    if leaves == "whole":
        return _answer("all", _RETRIED)
    if leaves == "part":
        # A tool call that has begun is nobody's to go on with.
        may_be_rescued = not is_alone and row.needs is None
        codes = SILENT if row.name in SILENCE else FAILED
        return _answer("all", 1) if may_be_rescued else Expected(frozenset({200}), codes, "beginning", 1, charged=True)
    firsts_max = 1 if row.name in SILENCE | OURS and not _sounds_limited(cell) else _RETRIED
    return _told(_codes(row.name), firsts_max) if is_alone else _answer("all", firsts_max)


def _leaves(cell: Cell) -> Leaves:
    """What is left of the answer, in this dialect and mode."""
    row = cell.row
    if row.name in _AS_SAID:
        return "wrong"
    if row.name in _LATE_OR_LARGE:
        return "nothing"
    if row.name == "bad_chunk":
        return "whole"
    if cell.stream and (row.name == "finish_error" or (row.name in _ENDS and cell.dialect == "gemini")):
        return "part"
    # A whole answer that broke brings nothing.
    return "nothing" if row.leaves == "part" and not cell.stream else row.leaves


def _sounds_limited(cell: Cell) -> bool:
    return cell.row.name == "quota_out" and cell.dialect == "gemini"


def _answer(says: Says, firsts_max: int) -> Expected:
    return Expected(frozenset({200}), frozenset(), says, firsts_max, charged=True)


def _codes(name: str) -> frozenset[str]:
    if name in SILENCE:
        return SILENT
    return EITHER if name in _SAID_SILENT else FAILED


def _refused(name: str, is_alone: bool) -> Expected:
    """A wrong request is not tried again or elsewhere, a refusal never routed around; a longer context may be enough."""
    if name == "context_length":
        return _told(frozenset({"context_length_exceeded"}), 1) if is_alone else _answer("all", 1)
    if name in _POLICY:
        return _told(frozenset({"content_policy_violation"}), 1)
    if name in _REQUEST:
        return _told(frozenset({"invalid_request"}), 1)
    raise LookupError(f"nobody has said what must come of {name}")


def _told(codes: frozenset[str], firsts_max: int) -> Expected:
    return Expected(frozenset(_TABLE[code] for code in codes), codes, "nothing", firsts_max, charged=False)
