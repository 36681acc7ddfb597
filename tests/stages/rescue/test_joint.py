"""Claims about the joint of two writers' texts: what was repeated for it goes, what the answer repeats stays, doubt is said."""

import pytest

from proxy.domain.chat import Delta
from proxy.stages.provider.speech import choice, delta, tool_call
from proxy.stages.rescue.joint import REPEATED_CHARS_MAX, Doubt, Joint, Onward, Overlap, can_overlap, joined, last_words, rest

SAID = "The signal box stands where two lines meet, and whoever works it sets the po"


def together(said: str, joint: Joint, *pieces: str) -> str | Doubt:
    """The whole text as its caller has it in the end."""
    text = said
    for piece in pieces:
        new = joint.add(piece)
        if isinstance(new, Doubt):
            return new
        text += new
    end = joint.end()
    return end if isinstance(end, Doubt) else text + end


def asked(said: str, *pieces: str) -> str | Doubt:
    return together(said, Overlap(said), *pieces)


# --- by prefill -------------------------------------------------------------------------------------------------------


def test_a_prefill_goes_on_where_the_answer_stopped() -> None:
    assert together("set the po", Onward(""), "ints", " first") == "set the points first"


@pytest.mark.parametrize("pieces", [("\n\n", "Then"), ("\n", "\nThen"), ("\n\nThen",), ("", "\n\n", "", "Then")])
def test_white_space_that_was_kept_back_is_said_once(pieces: tuple[str, ...]) -> None:
    assert together("First.\n\n", Onward("\n\n"), *pieces) == "First.\n\nThen"


def test_white_space_beyond_what_was_kept_back_is_new() -> None:
    assert together("a\n", Onward("\n"), "\n\nb") == "a\n\nb"


@pytest.mark.parametrize("piece", ["Then", " Then", "\n- Then"])
def test_other_white_space_than_was_said_is_doubt(piece: str) -> None:
    assert together("First.\n\n", Onward("\n\n"), piece) == Doubt("white_space")


def test_a_prefill_that_adds_nothing_is_an_answer_that_was_complete() -> None:
    assert together("Done. ", Onward(" ")) == "Done. "


# --- by asking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "again",
    ["whoever works it sets the po", "and whoever works it sets the po", "The signal box stands where two lines meet, and"],
    ids=["some words", "more words", "all from the start"],
)
def test_what_was_repeated_for_the_joint_is_trimmed(again: str) -> None:
    reply = (SAID[SAID.index(again) :] if again in SAID else again) + "ints for every train."
    expected = SAID + "ints for every train."
    assert asked(SAID, reply) == expected
    assert asked(SAID, *reply) == expected


def test_a_line_that_was_begun_may_be_said_from_its_beginning() -> None:
    said = "Of the first platform:\nthe morning train leaves at se"
    assert asked(said, "the morning train leaves at seven.") == said + "ven."


@pytest.mark.parametrize(
    "reply",
    [
        "ints for every train.",
        " In other words: the points sets it works whoever, for every train.",
        "In other words: it is whoever works it who sets the points.",
        "Certainly! whoever works it sets the points",
        "",
    ],
    ids=["goes on at once", "paraphrase with a space", "paraphrase", "remark", "nothing"],
)
def test_without_a_repetition_nobody_knows_where_it_goes_on(reply: str) -> None:
    assert asked(SAID, reply) == Doubt("no_overlap")


def test_two_words_may_be_repeated_by_chance() -> None:
    assert asked(SAID, "the points are the po") == Doubt("no_overlap")


SONG = "Row row row your boat\nGently down the stream\nMerrily merrily merrily merrily\nLife is but a dream\n"
LIST = "- wash the cups\n- dry the cups\n- wash the cups\n- dry the cups\n"
CODE = "    total = total + step\n    total = total + step\n    total = total + step\n    return total\n"
PHRASE = "we will rock you we will rock you we will rock you and then we will rock you"
TWICE = "Happy birthday to you\nHappy birthday to you\nHappy birthday dear Ada\nHappy birthday to you\n"


@pytest.mark.parametrize(
    "text", [SONG + SONG, LIST + LIST, CODE, PHRASE, TWICE], ids=["song", "list", "code", "phrase", "twice"]
)
def test_what_the_answer_repeats_survives_wherever_it_was_cut(text: str) -> None:
    """Whether the model goes on at once, says a few words again, the line, or all of it."""
    joints = 0
    for cut in range(1, len(text)):
        said = text[:cut]
        for start in {0, said.rfind("\n") + 1, said.rfind(" ") + 1, _words_back(said, 5), cut}:
            whole = asked(said, text[start:])
            assert isinstance(whole, Doubt) or whole == text, (said, text[start:])
            joints += whole == text
    assert joints > 0


def test_the_longest_repetition_is_waited_for_only_so_long() -> None:
    said = " ".join(f"word{number}" for number in range(1_000))
    joint = Overlap(said)
    new = [joint.add(said[at : at + 100]) for at in range(0, REPEATED_CHARS_MAX + 100, 100)]
    assert new[-1] == Doubt("ambiguous")
    assert new[0] == ""


@pytest.mark.parametrize(
    "said", ["", "two words", "It ends here. ", "It ends right here.", "列車は信号所の前で止まる", "a b c"]
)
def test_some_ends_cannot_be_joined_to_any_repetition(said: str) -> None:
    assert not can_overlap(said)


def test_scripts_without_spaces_are_doubt() -> None:
    assert isinstance(asked("the train 列車は stands 信号", "the train 列車は stands 信号機"), Doubt)


def test_a_model_is_asked_to_begin_with_the_last_words() -> None:
    assert last_words(SAID) == "meet, and whoever works it sets the po"


# --- deltas -----------------------------------------------------------------------------------------------------------


def said(content: str | None = None, finish_reason: str | None = None, **more: object) -> Delta:
    part = {**({} if content is None else {"content": content}), **more}
    return delta({"id": "c", "choices": [choice(0, part, finish_reason, {"content": []})]}, None, b"raw")


def test_a_delta_that_is_all_new_leaves_as_it_came() -> None:
    one = said("hello")
    assert joined(Onward(""), one) is one


def test_a_delta_that_is_repeated_in_part_is_written_anew() -> None:
    found = joined(Onward("\n"), said("\nhello"))
    assert isinstance(found, Delta)
    assert (found.raw, found.value["choices"][0]["delta"]["content"], found.output_bytes) == (None, "hello", 5)
    assert found.value["choices"][0]["logprobs"] is None


def test_a_delta_that_is_all_repeated_says_nothing() -> None:
    found = joined(Onward("\n\n"), said("\n"))
    assert isinstance(found, Delta)
    assert not found.commits


def test_what_is_not_content_passes_before_the_joint() -> None:
    for other in (said(None, role="assistant"), said(None, reasoning_content="hm"), Delta({})):
        assert joined(Overlap(SAID), other) is other


def test_the_finish_and_a_tool_call_come_after_what_was_kept_back_or_not_at_all() -> None:
    found = joined(Overlap(SAID), said(SAID, finish_reason="stop"))
    assert isinstance(found, Delta)
    assert (found.finish_reason, found.commits) == ("stop", False)
    called = said(None, tool_calls=[tool_call(0, "c1", "look", "{}")])
    assert joined(Overlap(SAID), called) == Doubt("no_overlap")
    assert joined(Onward(" "), called) is called


def test_a_stream_that_ends_without_a_word_ends_its_joint() -> None:
    assert rest(Overlap(SAID)) == Doubt("no_overlap")
    found = rest(Onward(""))
    assert isinstance(found, Delta)
    assert not found.commits


def _words_back(said: str, count: int) -> int:
    start = len(said)
    for _ in range(count):
        start = max(said.rfind(" ", 0, start), 0)
    return start + (said[start : start + 1] == " ")
