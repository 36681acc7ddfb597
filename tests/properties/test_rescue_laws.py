"""Laws of a rescue: wherever an answer is cut and however the other model begins, its caller has the uncut text or is told that
nobody could join it; what the text repeats by itself survives."""

import re
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from proxy.stages.provider.speech import choice, delta
from proxy.stages.rescue import Doubt, Helper, Joint, Plan, Spoken, plan
from proxy.stages.rescue.joint import Overlap, can_overlap
from tests import builders as b

CHAT = b.chat(stream=True)
PREFILLS = Helper(takes_prefill=True, output_tokens_left=1_000)
# Few words, so that texts repeat themselves all the time; none is made of the end of one and the beginning of another.
WORDS = ("row", "your", "boat", "Gently", "down", "life", "is", "a", "dream", "merrily", "total", "été", "7")
SPACES = (" ", "\n", ", ", "; ", "\n- ", " = ", "\n\n", "  ")

tokens = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), min_size=1, max_size=8)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text of a few stretches, any of which may come again at any place."""
    stretches = ["".join(map("".join, draw(tokens))) for _ in range(draw(st.integers(1, 3)))]
    return "".join(draw(st.lists(st.sampled_from(stretches), min_size=2, max_size=6)))


@st.composite
def splits(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)) | {0, len(text)})
    return [text[start:end] for start, end in pairwise(cuts)]


def together(said: str, joint: Joint, pieces: Sequence[str]) -> str | Doubt:
    for piece in pieces:
        new = joint.add(piece)
        if isinstance(new, Doubt):
            return new
        said += new
    end = joint.end()
    return end if isinstance(end, Doubt) else said + end


@given(st.text(min_size=1), st.data())
def test_a_prefill_gives_the_uncut_text_wherever_it_was_cut(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(text)))
    spoken = Spoken()
    for piece in data.draw(splits(text[:cut])):
        spoken.add(delta({"choices": [choice(0, {"content": piece})]}, None))
    found = plan("prefill", CHAT, spoken, PREFILLS)
    assert isinstance(found, Plan)
    # What the model is given is what it takes for said; it goes on with the rest of the uncut text.
    begun = "" if found.how == "restart" else found.chat.messages[-1]["content"]
    assert text.startswith(begun)
    assert together(text[:cut], found.joint, data.draw(splits(text[len(begun) :]))) == text


@settings(max_examples=200)
@given(texts(), st.data())
@example("a a a a a a a ", None)
def test_asking_gives_the_uncut_text_or_doubt(text: str, data: st.DataObject | None) -> None:
    """The model goes on at once, or repeats any number of words first: from the last one to all that was said."""
    for cut in range(1, len(text)) if data is None else [data.draw(st.integers(1, len(text)))]:
        starts = [match.start() for match in re.finditer(r"\b\w", text[:cut])]
        for start in (*starts, cut):
            pieces = [text[start:]] if data is None else data.draw(splits(text[start:]))
            whole = together(text[:cut], Overlap(text[:cut]), pieces)
            assert isinstance(whole, Doubt) or whole == text, (text[:cut], text[start:])


@given(texts(), texts(), st.data())
def test_a_model_that_says_something_else_is_never_joined(text: str, other: str, data: st.DataObject) -> None:
    said = text[: data.draw(st.integers(1, len(text)))]
    whole = together(said, Overlap(said), data.draw(splits(other)))
    # Unless it did repeat the end of what was said.
    repeated = any(other.startswith(said[at:]) for at in range(len(said)))
    assert repeated or isinstance(whole, Doubt)


@given(st.permutations("abcdefghijklmnopqrstuvwxyz"), st.data())
def test_a_plain_repetition_in_a_text_without_any_is_joined(letters: list[str], data: st.DataObject) -> None:
    """Doubt is not the answer to everything."""
    words = [f"{letter}word" for letter in letters]
    text = " ".join(words)
    cut = data.draw(st.integers(60, len(text)).filter(lambda cut: text[cut - 1] != " "))
    back = data.draw(st.integers(4, 6))
    start = len(" ".join(words[: len(text[:cut].split()) - back])) + 1
    assert can_overlap(text[:cut])
    assert together(text[:cut], Overlap(text[:cut]), data.draw(splits(text[start:]))) == text
