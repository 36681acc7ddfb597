"""Claims about how the console is served: its page, its files, their weight, what they may load, and what they hold."""

import hashlib
import re
from pathlib import Path

import pytest

from proxy.api.console import FOLDER, Console
from tests.api.house import House, code_of

FIRST_LOAD_BYTES_MAX = 150 * 1024
JS_LINES_MAX = 300
STATIC_IMPORT = re.compile(r"""(?:^|\n|;)\s*import\s[^;]*?["'](\.[^"']+)["']|\bfrom\s*["'](\.[^"']+)["']""")
VENDORED = FOLDER / "vendor"
TESTS_VENDORED = Path(__file__).parents[1] / "console" / "vendor"
FIELDS = re.compile(r"<(?:textarea|input(?=[^>]*? type=\"(?:text|search|number|date|password)\"))(?:=>|[^>])*>")
OURS = sorted(path for path in FOLDER.rglob("*.js") if path.parent != VENDORED)


def loaded_first() -> set[Path]:
    """The page and everything that it loads before anybody opened anything."""
    page = FOLDER / "index.html"
    found = {page}
    waiting = [FOLDER / name for name in re.findall(r'/ui/\{revision\}/([^"]+)"', page.read_text())]
    while waiting:
        path = waiting.pop().resolve()
        if path in found:
            continue
        found.add(path)
        if path.suffix == ".js":
            names = [name for pair in STATIC_IMPORT.findall(path.read_text()) for name in pair if name]
            waiting += [path.parent / name for name in names]
    return found


async def test_the_page_names_the_files_of_its_revision(house: House) -> None:
    page = await house.get("/ui")
    assert page.headers["cache-control"] == "no-cache"
    names = re.findall(r'(/ui/[^"]+)"', page.text)
    assert names
    for name in names:
        file = await house.get(name)
        assert (file.status_code, file.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


async def test_pages_of_another_revision_lead_to_the_newest(house: House) -> None:
    for path in ("/ui/0123456789ab", "/ui/0123456789ab/"):
        answer = await house.get(path)
        assert (answer.status_code, answer.headers["location"]) == (307, "/ui")
    assert code_of(await house.get("/ui/0123456789ab/app.js")) == (404, "not_found")


async def test_nothing_but_its_own_files_may_be_loaded(house: House) -> None:
    policy = (await house.get("/ui")).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    for part in ("frame-ancestors 'none'", "base-uri 'none'", "connect-src 'self'"):
        assert part in policy


@pytest.mark.parametrize(
    "path", ["/ui/{}/vendor/HASHES", "/ui/{}/../api/console.py", "/ui/{}/%2e%2e/settings.py", "/ui/{}/none.js"]
)
async def test_only_the_files_of_the_folder_are_served(house: House, path: str) -> None:
    assert code_of(await house.get(path.format(Console().revision))) == (404, "not_found")


async def test_files_come_compressed_to_those_who_take_it(house: House) -> None:
    path = f"/ui/{Console().revision}/vendor/preact.js"
    packed = await house.get(path, **{"accept-encoding": "gzip"})
    plain = await house.get(path, **{"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content


def test_the_first_load_is_light() -> None:
    console = Console()
    names = [path.relative_to(FOLDER.resolve()).as_posix() for path in {path.resolve() for path in loaded_first()}]
    assert "vendor/preact.js" in names
    assert sum(len(console.assets[name].packed) for name in names) <= FIRST_LOAD_BYTES_MAX


def test_what_is_vendored_is_what_was_checked() -> None:
    for folder in (VENDORED, TESTS_VENDORED):
        lines = [line for line in (folder / "HASHES").read_text().splitlines() if not line.startswith("#")]
        listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.name != "HASHES"}
        assert listed == found


def test_each_package_brings_its_licence() -> None:
    for folder in (VENDORED, TESTS_VENDORED):
        packages = re.findall(r"^# (\S+) ", (folder / "HASHES").read_text(), re.MULTILINE)
        assert packages
        assert [name for name in packages if not (folder / f"{name}.LICENSE").is_file()] == []


def test_our_scripts_are_short_and_open_with_a_sentence() -> None:
    # What is said stands in one file, however much it is: a translation replaces that one.
    long = [path.name for path in OURS if len(path.read_text().splitlines()) > JS_LINES_MAX]
    assert long == ["words.js"]


def test_no_field_forgets_what_is_typed_when_its_page_is_drawn_again() -> None:
    """A field that is told its value has to hear of each letter, or what comes while somebody types takes the letters away."""
    fields = [(path.name, field) for path in OURS for field in FIELDS.findall(path.read_text())]
    assert len(fields) > 20
    assert [(name, field) for name, field in fields if " value=" in field and "onInput=" not in field] == []
    assert [path.name for path in OURS if not path.read_text().startswith("// ")] == []


def test_one_file_fetches_and_none_writes_markup_or_evaluates_text() -> None:
    for path in OURS:
        text = path.read_text()
        assert "fetch(" not in text or path.name == "api.js", path.name
        assert re.search(r"\beval\(|new Function|document\.write|insertAdjacentHTML|document\.cookie", text) is None
        assert ".innerHTML" not in text, path.name
        assert "dangerouslySetInnerHTML" not in text or path.name == "markdown.js", path.name


def test_no_page_of_ours_names_another_host() -> None:
    ours = [*OURS, *FOLDER.glob("*.css"), *FOLDER.glob("*.html")]
    named = [f"{path.name}: {url}" for path in ours for url in re.findall(r"https?://[^\s\"'`)]+", path.read_text())]
    assert [text for text in named if "www.w3.org" not in text] == []
