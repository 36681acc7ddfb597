"""The language of a prompt is told by its script and small words, and not guessed where they do not tell."""

import pytest

from proxy.stages.precheck import check
from proxy.stages.precheck.language import language
from proxy.stages.precheck.wording import Wording
from tests.stages.precheck.books import said, shipped


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "What is the best way to learn the piano?"),
        ("de", "Wie lange dauert es, bis der Kuchen fertig ist?"),
        ("fr", "Comment faire une tarte avec des pommes ?"),
        ("es", "¿Cómo se hace una tarta con manzanas?"),
        ("it", "Come si fa una torta con le mele?"),
        ("pt", "Como você faz uma torta com maçãs?"),
        ("nl", "Hoe maak ik een taart van appels?"),
        ("pl", "Jak upiec ciasto i co jest do tego potrzebne?"),
        ("tr", "Bu elma ile ne pişirsem, bir tarif yaz."),
        ("vi", "Làm thế nào để nấu phở cho một gia đình?"),
        ("id", "Bagaimana cara memasak nasi goreng yang enak?"),
        ("ru", "Как испечь яблочный пирог?"),
        ("uk", "Як спекти яблучний пиріг?"),
        ("ar", "كيف أخبز فطيرة التفاح؟"),
        ("hi", "सेब का केक कैसे बनाएँ?"),
        ("th", "ทำพายแอปเปิ้ลอย่างไร"),
        ("he", "איך אופים עוגת תפוחים?"),
        ("el", "Πώς φτιάχνω μηλόπιτα;"),
        ("zh", "怎么做苹果派"),
        ("ja", "アップルパイの作り方は"),
        ("ko", "사과 파이는 어떻게 만들어요?"),
    ],
)
def test_small_words_and_scripts_tell_the_language(code: str, text: str) -> None:
    assert language(Wording(text)) == code


@pytest.mark.parametrize("text", ["", "42", "xyzzy", "https://example.com", "😀"])
def test_nothing_is_guessed(text: str) -> None:
    assert language(Wording(text)) is None


def test_the_verdict_tells_that_of_the_last_turn() -> None:
    assert check(said("What is the weather in the north?", "Und wie ist es im Süden?"), shipped()).language == "de"
