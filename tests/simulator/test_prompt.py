"""Claims about what a call asks for and how its text is counted."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.simulator.prompt import Prompt, Turn, pieces


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_each_numbered_word_is_one_token() -> None:
    assert pieces("w1 w2 w60") == ["w1", " w2", " w60"]


def test_a_language_without_spaces_does_not_come_in_one_lump() -> None:
    assert len(pieces("電車" * 30)) > 4


def test_the_last_user_turn_is_what_was_asked() -> None:
    prompt = Prompt("sim", (Turn("user", "first"), Turn("assistant", "yes"), Turn("user", "second"), Turn("tool", "9")))
    assert prompt.asked == "second"


def test_only_tool_turns_at_the_end_wait_for_an_answer() -> None:
    turns = (Turn("user", "q"), Turn("tool", "old"), Turn("assistant", "a"), Turn("tool", "one"), Turn("tool", "two"))
    assert Prompt("sim", turns).tool_results == ("one", "two")


def test_who_said_it_changes_the_digest() -> None:
    assert Prompt("sim", (Turn("user", "x"),)).digest != Prompt("sim", (Turn("assistant", "x"),)).digest


def test_the_choices_of_one_prompt_differ() -> None:
    prompt = Prompt("sim", (Turn("user", "x"),))
    assert prompt.pick(("a", "b"), 0) != prompt.pick(("a", "b"), 1)
