"""Words that scripted answers are made of: code to show, sentences to vary, a glossary to translate with; only data."""

from collections.abc import Mapping
from typing import Final

# A word of the question, and the language it means.
LANGUAGES: Final[Mapping[str, str]] = {
    "typescript": "typescript",
    "javascript": "javascript",
    "node": "javascript",
    "python": "python",
    "rust": "rust",
    "golang": "go",
    "go": "go",
    "sql": "sql",
    "bash": "bash",
    "shell": "bash",
}

# NAME stands where the function gets its name.
CODE: Final[Mapping[str, str]] = {
    "python": '''\
def NAME(items: list[str]) -> list[str]:
    """Keeps the items that say something, in order."""
    return [item.strip() for item in items if item.strip()]
''',
    "javascript": """\
export function NAME(items) {
  return items.map((item) => item.trim()).filter(Boolean);
}
""",
    "typescript": """\
export function NAME(items: string[]): string[] {
  return items.map((item) => item.trim()).filter(Boolean);
}
""",
    "rust": """\
pub fn NAME(items: &[String]) -> Vec<String> {
    items.iter().map(|item| item.trim().to_string()).filter(|item| !item.is_empty()).collect()
}
""",
    "go": """\
func NAME(items []string) []string {
	kept := make([]string, 0, len(items))
	for _, item := range items {
		if item = strings.TrimSpace(item); item != "" {
			kept = append(kept, item)
		}
	}
	return kept
}
""",
    "sql": """\
-- NAME
SELECT customer_id, count(*) AS orders
FROM orders
GROUP BY customer_id
ORDER BY orders DESC;
""",
    "bash": """\
NAME() {
  local item
  for item in "$@"; do
    [ -n "$item" ] && printf '%s\\n' "$item"
  done
}
""",
}

# What people ask of a demo first: a word of the question, and the Python for it.
RECIPES: Final[Mapping[str, str]] = {
    "reverse": """\
def reverse(text: str) -> str:
    return text[::-1]
""",
    "fibonacci": """\
def fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
""",
    "prime": """\
def is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))
""",
    "palindrome": """\
def is_palindrome(text: str) -> bool:
    letters = [c.lower() for c in text if c.isalnum()]
    return letters == letters[::-1]
""",
    "factorial": """\
def factorial(n: int) -> int:
    return 1 if n < 2 else n * factorial(n - 1)
""",
    "sort": """\
def sort_by_length(words: list[str]) -> list[str]:
    return sorted(words, key=lambda word: (len(word), word))
""",
}

CODE_OPENINGS: Final = (
    "Here is a version in {language} that does it:",
    "This is short enough to write out in {language}:",
    "In {language} I would start with this:",
)
CODE_CLOSINGS: Final = (
    "It needs no dependencies. A test with an empty input is worth adding.",
    "Say so if you need it to report bad input instead of passing over it.",
    "I kept it free of side effects, so that it is easy to test.",
)
PROSE: Final = (
    "Nobody on the platform had expected {topic}, least of all at that hour. The lamps were already lit, and the last "
    "train stood waiting as if it knew. What followed took less than a minute and was spoken of for years.",
    "Consider {topic}. From far away it seems a small matter; come closer, and it fills the window. That is how the "
    "best things travel: quietly, on time, and without asking who is watching.",
    "There is a good reason to write about {topic} today. It asks little of us, it gives something back, and it is "
    "better shown than praised. So here it is, in plain words and with the door left open.",
)
GENERAL: Final = (
    "In short, {topic} comes down to three things: what it is for, what it costs, and who looks after it. Start with "
    "the first; the other two follow from it.",
    "The useful way to look at {topic} is to begin with one concrete case, see what holds there, and only then to "
    "say something general.",
    "People mean different things by {topic}. The common core is simple, and the differences matter only at the "
    "edges. Tell me which case you have in mind and I can be more exact.",
)
GREETINGS: Final = (
    "Hello! How can I help you today?",
    "Hi there. What would you like to work on?",
    "Good to hear from you. What can I do for you?",
)
CHECKS: Final = (
    "Check: the result answers the question that was asked, and nothing was assumed that the question does not say.",
    "Check: working backwards from the result gives the same starting point.",
    "Check: a smaller case solved by hand agrees.",
)

# English, German, French, Spanish; a hyphen stands for a space.
_GLOSSARY: Final = """
hello hallo bonjour hola
good gut bon bueno
morning Morgen matin mañana
evening Abend soir tarde
day Tag jour día
night Nacht nuit noche
thank danke merci gracias
thanks danke merci gracias
please bitte s'il-vous-plaît por-favor
yes ja oui sí
no nein non no
and und et y
or oder ou o
the die le el
a ein un un
is ist est es
are sind sont son
i ich je yo
you Sie vous usted
we wir nous nosotros
he er il él
she sie elle ella
my mein mon mi
your Ihr votre su
friend Freund ami amigo
house Haus maison casa
train Zug train tren
station Bahnhof gare estación
water Wasser eau agua
bread Brot pain pan
coffee Kaffee café café
book Buch livre libro
world Welt monde mundo
time Zeit temps tiempo
today heute aujourd'hui hoy
tomorrow morgen demain mañana
where wo où dónde
when wann quand cuándo
how wie comment cómo
what was quoi qué
with mit avec con
in in dans en
from von de de
to zu à a
not nicht pas no
very sehr très muy
big groß grand grande
small klein petit pequeño
late spät tard tarde
love liebe aime amo
"""
_ROWS: Final = [row.split() for row in _GLOSSARY.strip().splitlines()]

GLOSSARY: Final[Mapping[str, Mapping[str, str]]] = {
    language: {row[0]: row[column].replace("-", " ") for row in _ROWS}
    for column, language in ((1, "german"), (2, "french"), (3, "spanish"))
}
