"""What a conversation is called until its user says otherwise: its first message in, one short line out."""

from typing import Any, Final

TITLE_CHARS_MAX: Final = 80
UNTITLED: Final = "New conversation"


def title_of(message: object) -> str:
    """The first words of a text, or of the first part that is one."""
    parts: list[Any] = message if isinstance(message, list) else [{"text": message}]
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    plain = "".join(sign if sign.isprintable() else " " for sign in (texts[0] if texts else "")[: 4 * TITLE_CHARS_MAX])
    line = " ".join(plain.split())
    return _shortened(line) or UNTITLED


def _shortened(line: str) -> str:
    if len(line) <= TITLE_CHARS_MAX:
        return line
    return line[: TITLE_CHARS_MAX - 1].rsplit(" ", 1)[0] + "…"
