"""Words planted where secrets and texts come in, and a search for them wherever something is kept, told or logged."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from tests.e2e.harness import PROVIDER_KEY, House, Simulator, Yard, chat, key_id

CHAT: Final = "/v1/chat/completions"
PROMPT: Final = "MARKER-PROMPT-4711"
SYSTEM: Final = "MARKER-SYSTEM-4711"
ANSWER: Final = "w18 w19 w20"
# As the simulator says them: its name, its price header, and the field in its usage.
PROVIDERS_OWN: Final = ("SimCo", "0.000123", '"cost"')
# As the catalog says them: multiplier in decimals and in ppm, and both prices of the models that were called.
COMMERCIAL: Final = ("7.654321", "7654321", "1.234567", "9.876543", "123.456789", "987.654321", "1234567000", "9876543000")
# A smaller number could as well be a duration in microseconds.
CONSPICUOUS: Final = 1_000_000
PIXEL: Final = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PROMPT}"}}


@dataclass(slots=True)
class Told:
    """Everything a principal was told, as one text each: status line, headers and body."""

    user: list[str] = field(default_factory=list)
    support: list[str] = field(default_factory=list)
    admin: list[str] = field(default_factory=list)
    raw_nano_usd: set[int] = field(default_factory=set)
    metrics: str = ""
    metrics_of_admin: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A house in which all markers have been planted, and what was said in it."""

    house: House
    told: Told
    keys: tuple[str, ...]


BODIES: Final[tuple[dict[str, Any], ...]] = (
    chat("sim/echo", PROMPT, signalbox={"explain": True, "metadata": {"feature": "markers"}}),
    chat("sim/echo", PROMPT, stream=True, stream_options={"include_usage": True}, signalbox={"explain": True}),
    chat("sim/words", PROMPT),
    chat("sim/words", PROMPT, stream=True),
    chat("sim/gold", PROMPT),
    chat("secretive", PROMPT),
    chat("auto", f"{PROMPT} python"),
    chat("falls-over", PROMPT),
    chat("sim/broken", PROMPT),
    chat("sim/cut", PROMPT, stream=True),
    chat("sim/refuses", PROMPT),
    chat("sim/limited", PROMPT),
    chat("unpaid/small", PROMPT),
    chat("sim/mute", PROMPT),
    chat("sim/absent", PROMPT),
    chat("sim/unpriced", PROMPT),
    chat("sim/small", f"{PROMPT} forbiddenword"),
    chat("sim/small", f"{PROMPT} delicateword"),
    chat("sim/short", f"{PROMPT} " * 500),
    chat("sim/small", PROMPT, tools=[{"type": "function", "function": {"name": PROMPT, "parameters": PROMPT}}]),
    {"model": "sim/small", "messages": [{"role": "user", "content": [PIXEL]}]},
    {"model": "sim/small", "messages": [{"role": PROMPT, "content": PROMPT}]},
    {"model": "sim/small", "messages": PROMPT},
    {"model": "sim/small", "messages": [], PROMPT: PROMPT},
)
ADMIN_READS: Final = (
    *("models", "assistants", "plans", "aliases", "providers", "catalog", "users", "users/ursula", "users/ursula/standing"),
    *("users/ursula/entitlement", "keys", "apps", "plan-requests", "audit", "health", "model-calls"),
)
USER_READS: Final = (
    *("/v1/models?include=unavailable", "/v1/models/sim/echo", "/api/me", "/api/plans", "/api/ai/models", "/api/calls"),
    *("/api/usage", "/api/keys", "/api/plan-requests"),
)


@pytest.fixture(scope="module")
def scene(yard: Yard, sim: Simulator, spare: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    house = House(yard, tmp_path_factory.mktemp("markers") / "home", (sim, spare), log_level="debug")
    house.start()
    keys = house.key("user", "ursula", "plus"), house.key("support"), house.key("admin")
    told = Told()
    _plant(house, keys[0], told)
    _ask_around(house, keys, told)
    house.gateway.send(15)
    house.gateway.wait()
    return Scene(house, told, keys)


def _plant(house: House, key: str, told: Told) -> None:
    with house.http(key) as http:
        for body in BODIES:
            told.user.append(_text(http.post(CHAT, json=body)))
        native = {"message": PROMPT, "assistant": "general"}
        told.user.append(_text(http.post("/api/ai/chat", json=native)))
        told.user.append(_text(http.post("/api/ai/chat", json={**native, "stream": False, "signalbox": {"explain": True}})))
        told.user.append(_text(http.post("/api/ai/precheck", json={"text": f"{PROMPT} forbiddenword"})))
        told.user.append(_text(http.post("/api/ai/precheck", json={"messages": [{"role": "user", "content": PROMPT}]})))
        told.user.append(_text(http.post(CHAT, content=f'{{"model": "{PROMPT}'.encode())))


def _ask_around(house: House, keys: tuple[str, ...], told: Told) -> None:
    user, support, admin = (house.http(key) for key in keys)
    with user, support, admin, house.http() as stranger:
        told.user += [_text(user.get(path)) for path in USER_READS]
        ids = [row["id"] for row in user.get("/api/calls?limit=200").json()["data"]]
        assert len(ids) > len(BODIES)
        told.user += [_text(user.get(f"/api/calls/{call}")) for call in ids]
        for path in (*ADMIN_READS, *(f"model-calls/{call}" for call in ids)):
            told.support.append(_text(support.get(f"/api/admin/{path}")))
            told.admin.append(_text(admin.get(f"/api/admin/{path}")))
        told.metrics = stranger.get("/metrics").text
        told.metrics_of_admin = admin.get("/metrics").text
    told.raw_nano_usd = {row[0] for row in house.rows("SELECT raw_cost FROM cost_records WHERE raw_cost > ?", CONSPICUOUS)}


def _text(answer: Any) -> str:
    return f"{answer.status_code} {dict(answer.headers)} {answer.text}"


def _kept(house: House) -> Iterator[tuple[str, str]]:
    """Every value of every table, with the table's name."""
    for (table,) in house.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        for row in house.rows(f'SELECT * FROM "{table}"'):  # noqa: S608 - the names are the schema's own
            for value in row:
                yield table, value.decode("latin-1") if isinstance(value, bytes) else str(value)


def test_the_markers_were_really_planted(scene: Scene, sim: Simulator) -> None:
    sent = json.dumps(sim.calls())
    assert PROMPT in sent
    assert SYSTEM in sent
    assert PROVIDER_KEY in sent
    assert PROMPT in scene.told.user[0]
    assert ANSWER in scene.told.user[2]
    assert scene.told.raw_nano_usd
    assert [text[:3] for text in scene.told.user[:7]] == ["200"] * 7
    assert all(text.startswith("200") for text in scene.told.admin)


@pytest.mark.parametrize("marker", [PROMPT, ANSWER, PROVIDER_KEY, SYSTEM, *PROVIDERS_OWN])
def test_no_marker_reaches_the_log_even_at_its_finest(scene: Scene, marker: str) -> None:
    assert '"event":"call"' in scene.house.gateway.errors
    assert marker not in scene.house.gateway.errors
    assert marker not in scene.house.gateway.output


def test_no_secret_of_a_key_reaches_the_log_or_a_table(scene: Scene) -> None:
    kept = list(_kept(scene.house))
    for key in scene.keys:
        secret = key.split("_")[3]
        assert key_id(key) in scene.house.gateway.errors or key_id(key) in json.dumps(kept)
        assert secret not in scene.house.gateway.errors
        assert not [table for table, value in kept if secret in value]


@pytest.mark.parametrize("marker", [PROMPT, ANSWER, PROVIDER_KEY, "SimCo"])
def test_no_marker_reaches_a_table_or_the_file_itself(scene: Scene, marker: str) -> None:
    assert {table for table, value in _kept(scene.house) if marker in value} == set()
    for file in scene.house.database.parent.glob("books.db*"):
        assert marker.encode() not in file.read_bytes()


def test_an_assistants_prompt_is_kept_only_as_a_part_of_the_catalog(scene: Scene) -> None:
    assert {table for table, value in _kept(scene.house) if SYSTEM in value} <= {"catalog_snapshots"}


@pytest.mark.parametrize("marker", [PROMPT, ANSWER, PROVIDER_KEY, SYSTEM, *PROVIDERS_OWN, *COMMERCIAL])
def test_no_marker_reaches_the_open_metrics(scene: Scene, marker: str) -> None:
    assert "signalbox_" in scene.told.metrics
    assert marker not in scene.told.metrics


def test_raw_cost_is_in_the_metrics_of_an_admin_alone(scene: Scene) -> None:
    of_cost = [line for line in scene.told.metrics_of_admin.splitlines() if line not in scene.told.metrics]
    assert any("raw" in line or "usd" in line for line in of_cost)
    assert not re.search(r"^signalbox_\w*(raw|usd)", scene.told.metrics, re.MULTILINE)


@pytest.mark.parametrize("marker", [SYSTEM, PROVIDER_KEY, *PROVIDERS_OWN, *COMMERCIAL])
def test_no_marker_reaches_a_user(scene: Scene, marker: str) -> None:
    assert [text[:600] for text in scene.told.user if marker in text] == []


def test_a_prompt_comes_back_to_its_own_caller_as_an_answer_and_nowhere_else(scene: Scene) -> None:
    records = scene.told.user[len(BODIES) + 5 :]
    assert [text[:600] for text in records if PROMPT in text or ANSWER in text] == []


def test_raw_cost_reaches_no_user_and_no_supporter(scene: Scene) -> None:
    """Raw costs that were booked, as nano-dollars and as dollars."""
    for raw in scene.told.raw_nano_usd:
        forms = (str(raw), f"{raw / 1e9:.9f}".rstrip("0"))
        for text in (*scene.told.user, *scene.told.support):
            assert not [form for form in forms if re.search(rf"(?<![\w.]){re.escape(form)}(?![\w.])", text)], text[:600]


@pytest.mark.parametrize("marker", [PROMPT, ANSWER, PROVIDER_KEY, *PROVIDERS_OWN])
def test_no_marker_reaches_an_admin(scene: Scene, marker: str) -> None:
    assert [text[:600] for text in scene.told.admin if marker in text] == []


@pytest.mark.parametrize("marker", [PROMPT, ANSWER, PROVIDER_KEY, SYSTEM, *PROVIDERS_OWN, *COMMERCIAL, '"raw', '"multiplier'])
def test_no_marker_reaches_a_supporter(scene: Scene, marker: str) -> None:
    assert [text[:600] for text in scene.told.support if marker in text] == []


def test_an_admin_sees_what_the_others_must_not(scene: Scene) -> None:
    everything = "\n".join(scene.told.admin)
    assert "7.654321" in everything
    assert any(str(raw) in everything for raw in scene.told.raw_nano_usd)
