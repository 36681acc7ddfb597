"""Reads the `signalbox` object of a request, strictly: an option that we do not know is refused, not ignored."""

import re
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final, get_args

from proxy.domain.chat import Json, Options
from proxy.domain.errors import Refusal
from proxy.domain.policy import Mode
from proxy.stages.intake.limits import IntakeLimits
from proxy.stages.intake.shapes import invalid, is_clean, is_number

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
MAX_CREDITS: Final = 10**12
NAMES: Final = frozenset(
    {"explain", "mode", "avoid", "only", "max_credits", "allow_downgrade", "confirm", "metadata", "conversation_id"}
)
DEFAULTS: Final = Options()
_DECIMAL: Final = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,9})?")
# Tags become groups of a report and labels of a query: few characters, no spaces.
_TAG: Final = re.compile(r"[A-Za-z0-9_.-]+")


def options(given: object, limits: IntakeLimits) -> Options | Refusal:
    """The caller's options; None gives the defaults, and so does a null inside."""
    if given is None:
        return DEFAULTS
    if not isinstance(given, dict):
        return invalid("signalbox", "`signalbox` must be an object.")
    unknown = next((name for name in given if name not in NAMES), None)
    if unknown is not None:
        return invalid(f"signalbox.{unknown}", f"There is no such option. Known are {', '.join(sorted(NAMES))}.")
    sent = {name: value for name, value in given.items() if value is not None}
    return _objection(sent, limits) or _options(sent)


def _objection(sent: Json, limits: IntakeLimits) -> Refusal | None:
    for name in ("explain", "allow_downgrade"):
        if not isinstance(sent.get(name, False), bool):
            return invalid(f"signalbox.{name}", f"`{name}` must be true or false.")
    if sent.get("mode", "balanced") not in MODES:
        return invalid("signalbox.mode", f"`mode` must be one of {', '.join(MODES)}.")
    if "confirm" in sent and not is_clean(sent["confirm"], limits.name_chars_max):
        return invalid("signalbox.confirm", "`confirm` must be the id of the call that asked for it.")
    if "conversation_id" in sent and not is_clean(sent["conversation_id"], limits.name_chars_max):
        return invalid("signalbox.conversation_id", f"It must be 1 to {limits.name_chars_max} plain characters.")
    if _milli(sent.get("max_credits", 0)) is None:
        return invalid("signalbox.max_credits", "`max_credits` must be a number of credits, as a number or a decimal string.")
    return _names(sent, "avoid", limits) or _names(sent, "only", limits) or _metadata(sent.get("metadata", {}), limits)


def _options(sent: Json) -> Options:
    return Options(
        explain=sent.get("explain", False),
        mode=sent.get("mode"),
        avoid=tuple(sent.get("avoid", ())),
        only=tuple(sent.get("only", ())),
        max_credits_milli=_milli(sent["max_credits"]) if "max_credits" in sent else None,
        allow_downgrade=sent.get("allow_downgrade", True),
        confirm=sent.get("confirm"),
        metadata=sent.get("metadata", {}),
        conversation_id=sent.get("conversation_id"),
    )


def _names(sent: Json, option: str, limits: IntakeLimits) -> Refusal | None:
    names = sent.get(option, [])
    if not isinstance(names, list) or len(names) > limits.vetoes_max:
        return invalid(f"signalbox.{option}", f"`{option}` must be a list of at most {limits.vetoes_max} names.")
    for index, name in enumerate(names):
        if not is_clean(name, limits.name_chars_max):
            return invalid(f"signalbox.{option}[{index}]", "A name must be a string of plain characters.")
    return None


def _milli(credits: object) -> int | None:
    """Milli-credits, rounded down: a cap is never stretched. None for what is no amount."""
    if isinstance(credits, str) and not _DECIMAL.fullmatch(credits):
        return None
    if not isinstance(credits, str) and not is_number(credits):
        return None
    amount = Decimal(str(credits))
    if not 0 <= amount <= MAX_CREDITS:
        return None
    return int((amount * 1_000).to_integral_value(rounding=ROUND_FLOOR))


def _metadata(tags: Any, limits: IntakeLimits) -> Refusal | None:
    if not isinstance(tags, Mapping) or len(tags) > limits.metadata_max:
        return invalid("signalbox.metadata", f"`metadata` must be an object of at most {limits.metadata_max} tags.")
    for key, value in tags.items():
        if len(key) > limits.metadata_key_chars_max or not _TAG.fullmatch(key):
            return invalid("signalbox.metadata", "A tag's name is letters, digits, `_`, `.` and `-`, and not too long.")
        if not is_clean(value, limits.metadata_value_chars_max):
            wanted = f"a string of 1 to {limits.metadata_value_chars_max} plain characters"
            return invalid(f"signalbox.metadata.{key}", f"A tag's value must be {wanted}.")
    return None
