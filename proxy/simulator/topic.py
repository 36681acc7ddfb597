"""A user's text in, the words that say what it is about out; knows a little English and judges nothing."""

import re
from typing import Final

# The topic stands near the beginning or the end of what people write; a long paste in between is only more of it.
_WINDOW_CHARS: Final = 1_000
_TOPIC_WORDS_MAX: Final = 4
_QUESTION_CHARS_MAX: Final = 160

_FILLER_WORDS: Final = """
a about all an and answer any are as at be can code could did do does explain few for from function give has have
hello hey hi how i if in into is it its may me my of on one or our please poem program say sentence sentences short
should show simple story tell that the their them then there these they this those to two us use using want was we
what when where which who why will with words works would write you your
"""
_FILLER: Final = frozenset(_FILLER_WORDS.split())


def topic_of(text: str) -> str:
    """A few words for what the text is about, as they were written; `that` when nothing stands out."""
    said = [word for word in re.findall(r"[\w'-]+", _window(text)) if word.lower() not in _FILLER and len(word) > 1]
    return " ".join(said[:_TOPIC_WORDS_MAX]) or "that"


def names_in(text: str) -> list[str]:
    """Words to fill a form with: capitalised ones, else what follows a preposition, else the topic; never empty."""
    window = _window(text)
    capitalised = re.findall(r"(?<=[^.!?\s]\s)[A-Z][\w-]+", window)
    placed = re.findall(r"\b(?:in|for|at|from|to|about)\s+([\w-]+)", window)
    return _once(capitalised) or _once([word for word in placed if word.lower() not in _FILLER]) or topic_of(text).split()


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, without empty ones."""
    return [part.strip() for part in re.split(r"(?<=[.!?。])\s+|\n+", text) if part.strip()]


def question_of(text: str) -> str:
    """The first sentence that asks something, else the first one, at a length that can be quoted."""
    sentences = sentences_of(_window(text))
    asking = [sentence for sentence in sentences if sentence.endswith("?")]
    return " ".join((asking or sentences)[:1])[:_QUESTION_CHARS_MAX]


def material_of(text: str) -> str:
    """The text an instruction is about: what follows its first line or colon, or stands in quotes, else all of it."""
    first, _, rest = text.partition("\n")
    if rest.strip():
        return rest.strip()
    quoted = re.search(r'["“«](.+?)["”»]', first)
    if quoted:
        return quoted[1]
    _, colon, after = first.partition(":")
    return after.strip() if colon and after.strip() else first.strip()


def _window(text: str) -> str:
    if len(text) <= 2 * _WINDOW_CHARS:
        return text
    return f"{text[:_WINDOW_CHARS]} {text[-_WINDOW_CHARS:]}"


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))
