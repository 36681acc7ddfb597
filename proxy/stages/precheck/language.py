"""The words of a text in, the language it is probably written in out (ISO 639-1), or None; knows scripts and small words."""

import re
from bisect import bisect_right
from collections import Counter
from typing import Final

from proxy.stages.precheck.wording import Wording

# Of longer texts the first words tell enough.
WORDS_MAX: Final = 60
_LETTERS_MAX: Final = 400
# Scripts by their first and last letter; those of several languages are told apart below.
_SCRIPTS: Final = (
    ("\u0370", "\u03ff", "el"),
    ("\u0400", "\u04ff", "ru"),
    ("\u0590", "\u05ff", "he"),
    ("\u0600", "\u06ff", "ar"),
    ("\u0900", "\u097f", "hi"),
    ("\u0980", "\u09ff", "bn"),
    ("\u0b80", "\u0bff", "ta"),
    ("\u0e00", "\u0e7f", "th"),
    ("\u3040", "\u30ff", "ja"),
    ("\u4e00", "\u9fff", "zh"),
    ("\uac00", "\ud7a3", "ko"),
)
_OF_A_SCRIPT: Final = re.compile(f"[{''.join(f'{first}-{last}' for first, last, _ in _SCRIPTS)}]")
_FIRSTS: Final = tuple(first for first, _, _ in _SCRIPTS)
_UKRAINIAN: Final = frozenset("іїєґ")
_PERSIAN: Final = frozenset("پچژگ")
# Words that hardly any text of a language does without, and greetings. A word of several languages counts for each.
_SMALL_WORDS: Final = {
    "en": "the of and to is are was you your my i it that this what how why who for with on do does can please hello thanks",
    "de": "der die das und ist nicht ein eine ich du mir wie was warum für mit auf von zu den dem bitte hallo danke wer",
    "fr": "le la les des et est une je tu vous que qui pour avec dans sur pas comment pourquoi bonjour merci quel du au ce",
    "es": "el la los las y es una por para con qué que cómo como en mi tu hola gracias del cuál quién está un se",
    "it": "il lo gli e è una per con che come non mi di della ciao grazie cosa perché del sono un scrivi nel",
    "pt": "o os as e é uma por para que como não do da em meu olá obrigado um você qual isso está na",
    "nl": "de het een en is niet ik je hoe wat waarom voor met op van dat dit hallo dank mijn wie aan te",
    "sv": "och är en ett jag du hur vad varför för med på av det inte hej tack att som om till",
    "da": "og er en et jeg du hvordan hvad hvorfor for med på af det ikke hej tak at som til",
    "fi": "ja on ei mitä miten miksi minä sinä hei kiitos että se tämä kuinka ovat olen voi",
    "pl": "i jest nie jak co dlaczego dla z na w się to mi cześć dziękuję czy jaki jaka są do",
    "cs": "a je ne jak co proč pro s na v se to mi ahoj děkuji jaký jaká jsou do být",
    "tr": "ve bir bu ne neden için ile mi merhaba teşekkürler bana var yaz değil nedir yok çok",
    "hu": "a az és nem egy hogyan mi miért van szia köszönöm hogy ez mit",
    "ro": "și este nu o un cum ce de pentru cu în mulțumesc bună care sunt pe",
    "vi": "là và của có không tôi bạn cho làm thế nào gì xin cảm một những được",
    "id": "yang dan di ini itu apa bagaimana untuk dengan saya kamu tidak terima kasih adalah cara tolong",
}
_CODES: Final = tuple(_SMALL_WORDS)


def _said() -> dict[str, int]:
    """A word's languages, a byte each: what many words say is the sum of what each says. No sum is larger than `WORDS_MAX`."""
    said: dict[str, int] = {}
    for index, known in enumerate(_SMALL_WORDS.values()):
        for word in known.split():
            said[word] = said.get(word, 0) | 1 << 8 * index
    return said


_SAID: Final = _said()


def language(said: Wording) -> str | None:
    """The language of a text; None where its letters and small words do not tell."""
    return (_by_script(said) if _OF_A_SCRIPT.search(said.beyond) else None) or _by_words(said.words[:WORDS_MAX])


def _by_script(said: Wording) -> str | None:
    """The language of the script that most letters above Latin belong to."""
    letters = {letter: times for letter, times in Counter(said.text[:_LETTERS_MAX]).items() if letter >= _SCRIPTS[0][0]}
    counted: dict[str, int] = {}
    for letter, times in letters.items():
        _, last, code = _SCRIPTS[bisect_right(_FIRSTS, letter) - 1]
        if letter <= last:
            counted[code] = counted.get(code, 0) + times
    if not counted:
        return None
    code = max(counted, key=counted.__getitem__)
    if code == "zh" and "ja" in counted:
        return "ja"
    if code == "ru" and not _UKRAINIAN.isdisjoint(letters):
        return "uk"
    return "fa" if code == "ar" and not _PERSIAN.isdisjoint(letters) else code


def _by_words(words: list[str]) -> str | None:
    """The language whose small words occur most; no language where two share the lead."""
    total = sum(filter(None, map(_SAID.get, words)))
    if not total:
        return None
    counts = total.to_bytes(len(_CODES), "little")
    most = max(counts)
    return _CODES[counts.index(most)] if counts.count(most) == 1 else None
