"""A prompt in, a scripted text in the manner of one kind of assistant out; never quotes the system prompt."""

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

from proxy.simulator.phrases import (
    CHECKS,
    CODE,
    CODE_CLOSINGS,
    CODE_OPENINGS,
    GENERAL,
    GLOSSARY,
    GREETINGS,
    LANGUAGES,
    PROSE,
    RECIPES,
)
from proxy.simulator.prompt import Prompt
from proxy.simulator.topic import material_of, question_of, sentences_of, topic_of

Style = Literal["translator", "summariser", "coder", "reasoner", "writer", "general"]

_CUE_CHARS: Final = 400
_SUMMARY_SENTENCES_MAX: Final = 2
_SUMMARY_CHARS_MAX: Final = 600
_TRANSLATED_CHARS_MAX: Final = 4_000
_OPERAND_DIGITS: Final = 9


def styled(prompt: Prompt, choice: int) -> str:
    """The answer of the assistant that the prompt seems to be meant for. `choice` varies it among `n`."""
    return _WRITERS[style_of(prompt)](prompt, choice)


def style_of(prompt: Prompt) -> Style:
    """Which assistant speaks: the model's name decides, then the system prompt's first cue, then what the user asks."""
    base = prompt.model.partition("--")[0]
    return (
        _first_in_table(_MODEL_CUES, base)
        or _earliest(_SYSTEM_CUES, prompt.instructions[:_CUE_CHARS])
        or _first_in_table(_USER_CUES, prompt.asked[:_CUE_CHARS])
        or "general"
    )


def thought(prompt: Prompt) -> str:
    """What a reasoning model shows before it answers."""
    return f"The question is about {topic_of(prompt.asked)}. {prompt.pick(CHECKS)} That settles what to say."


def _first_in_table(cues: Mapping[Style, str], text: str) -> Style | None:
    return next((style for style, cue in cues.items() if re.search(cue, text, re.IGNORECASE)), None)


def _earliest(cues: Mapping[Style, str], text: str) -> Style | None:
    found = [(match.start(), style) for style, cue in cues.items() if (match := re.search(cue, text, re.IGNORECASE))]
    return min(found)[1] if found else None


_MODEL_CUES: Final[Mapping[Style, str]] = {
    "translator": r"translat",
    "summariser": r"summar",
    "coder": r"code",
    "reasoner": r"reason",
    "writer": r"writ",
}
_SYSTEM_CUES: Final[Mapping[Style, str]] = {
    "translator": r"\btranslat",
    "summariser": r"\bsummar",
    "coder": r"\b(code|coder|coding|programm|software|developer)",
    "reasoner": r"\b(reason|step by step|mathemat|logic)",
    "writer": r"\b(writer|writing|prose|author|copywrit)",
    "general": r"\bgeneral",
}
# In order: "translate this function" is a translation, "write a function" is code.
_USER_CUES: Final[Mapping[Style, str]] = {
    "translator": r"\btranslat",
    "summariser": r"\b(summar|tl;?dr|in a nutshell|key points)",
    "coder": r"\b(code|function|class|script|program|python|javascript|typescript|rust|sql|regex|bug|refactor)\b",
    "reasoner": r"\b(step by step|prove|solve|calculate|how many|puzzle|probability|deduce)\b|\d\s*[-+*x×/]\s*\d",
    "writer": r"\b(poem|story|essay|haiku|slogan|blog|letter|email|write)\b",
}


def _coder(prompt: Prompt, choice: int) -> str:
    asked = re.findall(r"[a-z]+", prompt.asked.lower())
    language = next((LANGUAGES[word] for word in asked if word in LANGUAGES), "python")
    recipe = next((code for cue, code in RECIPES.items() if any(word.startswith(cue) for word in asked)), None)
    code = recipe if recipe and language == "python" else CODE[language].replace("NAME", _identifier(prompt.asked))
    opening = prompt.pick(CODE_OPENINGS, choice).format(language=language)
    return f"{opening}\n\n```{language}\n{code}```\n\n{prompt.pick(CODE_CLOSINGS, choice)}"


def _identifier(asked: str) -> str:
    words = re.findall(r"[a-z]+", topic_of(asked).lower())
    return "_".join(word for word in words[:3] if word not in LANGUAGES) or "solve"


def _reasoner(prompt: Prompt, choice: int) -> str:
    sum_asked = re.search(rf"(\d{{1,{_OPERAND_DIGITS}}})\s*([-+*x×/])\s*(\d{{1,{_OPERAND_DIGITS}}})", prompt.asked)
    if sum_asked:
        left, sign, right = sum_asked.groups()
        middle = f"Work out {left} {sign} {right}."
        result = _result(int(left), sign, int(right))
    else:
        middle = "Take the parts one at a time and keep only what follows from them."
        result = "the simplest case that meets every condition of the question"
    return (
        f"Step 1. Restate what is asked: {question_of(prompt.asked)}\n"
        f"Step 2. {middle}\nStep 3. {prompt.pick(CHECKS, choice)}\n\nAnswer: {result}."
    )


def _result(left: int, sign: str, right: int) -> str:
    match sign:
        case "+":
            return str(left + right)
        case "-":
            return str(left - right)
        case "/":
            return f"{left / right:g}" if right else "undefined, for nothing can be divided by zero"
    return str(left * right)


def _writer(prompt: Prompt, choice: int) -> str:
    return prompt.pick(PROSE, choice).format(topic=topic_of(prompt.asked))


def _summariser(prompt: Prompt, choice: int) -> str:
    sentences = sentences_of(material_of(prompt.asked))[:_SUMMARY_SENTENCES_MAX]
    return f"In brief: {' '.join(sentences)[:_SUMMARY_CHARS_MAX]}"


def _translator(prompt: Prompt, choice: int) -> str:
    named = re.search(r"\b(german|french|spanish)\b", f"{prompt.asked[:_CUE_CHARS]} {prompt.instructions}", re.IGNORECASE)
    glossary = GLOSSARY[named[1].lower() if named else "german"]
    text = material_of(prompt.asked)[:_TRANSLATED_CHARS_MAX]
    return re.sub(r"[A-Za-z]+", lambda word: _in_case_of(word[0], glossary.get(word[0].lower(), word[0])), text)


def _in_case_of(original: str, translated: str) -> str:
    return translated[:1].upper() + translated[1:] if original[:1].isupper() else translated


def _general(prompt: Prompt, choice: int) -> str:
    if re.match(r"\s*(hi|hello|hey|good (morning|evening|day))\b", prompt.asked, re.IGNORECASE):
        return prompt.pick(GREETINGS, choice)
    return prompt.pick(GENERAL, choice).format(topic=topic_of(prompt.asked))


_WRITERS: Final[Mapping[Style, Callable[[Prompt, int], str]]] = {
    "translator": _translator,
    "summariser": _summariser,
    "coder": _coder,
    "reasoner": _reasoner,
    "writer": _writer,
    "general": _general,
}
