"""Claims about the words a text is about."""

from proxy.simulator.topic import material_of, names_in, question_of, sentences_of, topic_of


def test_a_topic_leaves_the_asking_out() -> None:
    assert topic_of("Could you please explain black holes to me?") == "black holes"


def test_a_text_of_nothing_is_about_that() -> None:
    assert topic_of("?!") == "that"


def test_a_long_paste_is_read_at_both_ends_only() -> None:
    assert names_in("x" * 10_000 + " we met in Lisbon") == ["Lisbon"]


def test_names_prefer_capitals_then_places_then_topic() -> None:
    assert names_in("What is the weather in Paris and Rome?") == ["Paris", "Rome"]
    assert names_in("weather in paris") == ["paris"]
    assert names_in("trains") == ["trains"]


def test_material_follows_the_instruction() -> None:
    assert material_of("Translate to German: Good morning") == "Good morning"
    assert material_of("Summarise this.\nOne. Two.") == "One. Two."
    assert material_of('How do I say "thank you" in French?') == "thank you"
    assert material_of("Good morning") == "Good morning"


def test_the_question_is_the_sentence_that_asks() -> None:
    assert question_of("A train is late. How late is it? Think.") == "How late is it?"
    assert question_of("Sort these. Then stop.") == "Sort these."
    assert question_of("") == ""


def test_sentences_end_where_people_end_them() -> None:
    assert sentences_of("One. Two!  Three?\nFour") == ["One.", "Two!", "Three?", "Four"]
