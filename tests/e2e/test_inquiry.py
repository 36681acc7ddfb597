"""The commands that ask providers themselves: what they propose, say and cost, and that they apply nothing."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.e2e.conftest import HouseMaker
from tests.e2e.harness import PROVIDER_KEY, House, Simulator, wrong_in_books

ROUTER = """
[[provider]]
id = "router"
name = "Router"
base_url = "http://spare.invalid/api/v1"
dialect = "openrouter"
private_network = true

[[model]]
id = "router/simco/sim-small"
family = "sim"
context_tokens_max = 32_000
output_tokens_max = 4_000
tools = true
prices = { input = "0.90", cached_input = "0.1", output = "3" }

[[model]]
id = "router/simco/sim-forgotten"
family = "sim"
context_tokens_max = 32_000
output_tokens_max = 4_000
prices = { input = "1", output = "3" }
"""


@pytest.fixture
def routed(own_house: HouseMaker, sim: Simulator, spare: Simulator) -> House:
    house = own_house(sim, spare)
    (house.config / "router.toml").write_text(ROUTER.replace("http://spare.invalid", spare.url))
    return house


def with_provider(house: House, id: str, url: str, upstream_name: str, more: str = "private_network = true") -> None:
    """One more provider with one model."""
    (house.config / f"{id}.toml").write_text(
        f'[[provider]]\nid = "{id}"\nname = "{id}"\nbase_url = "{url}/v1"\n{more}\n'
        f'[[model]]\nid = "{id}/m"\nfamily = "sim"\nupstream_name = "{upstream_name}"\n'
        'context_tokens_max = 8_000\noutput_tokens_max = 1_000\nprices = { input = "1", output = "2" }\n'
    )


def test_import_proposes_a_diff_and_applies_nothing(routed: House) -> None:
    before = {file: file.read_bytes() for file in routed.config.iterdir()}
    done = routed.command("catalog", "import", "router")
    assert (done.returncode, done.stderr) == (3, "")
    assert '-prices = { input = "0.90", cached_input = "0.1", output = "3" }' in done.stdout
    assert '+prices = { input = "1.00", cached_input = "0.1", output = "3" }' in done.stdout
    assert '+id = "router/simco/sim-vision"' in done.stdout
    assert "# gone: router/simco/sim-forgotten" in done.stdout
    assert done.stdout.splitlines()[-1] == "# 4 new, 1 changed, 1 gone of 5 listed; nothing was applied"
    assert {file: file.read_bytes() for file in routed.config.iterdir()} == before
    assert not routed.database.exists()


def test_import_writes_rows_to_a_new_file_and_never_over_one(routed: House, tmp_path: Path) -> None:
    file = tmp_path / "proposed.toml"
    words = ["catalog", "import", "router", "--only", "*/sim-vision", "--write", str(file)]
    assert routed.command(*words).returncode == 3
    (row,) = tomllib.loads(file.read_text())["model"]
    assert (row["id"], row["modalities"]) == ("router/simco/sim-vision", ["text", "image"])
    before = file.read_bytes()
    again = routed.command(*words)
    assert (again.returncode, "not written over" in again.stderr, file.read_bytes()) == (1, True, before)


def test_import_does_not_write_where_it_would_come_into_force(routed: House) -> None:
    done = routed.command("catalog", "import", "router", "--write", str(routed.config / "more.toml"))
    assert (done.returncode, "in force" in done.stderr) == (1, True)
    assert not (routed.config / "more.toml").exists()


def test_import_of_what_is_accepted_proposes_nothing_more(routed: House) -> None:
    words = ["catalog", "import", "router", "--only", "*/sim-small"]
    file = routed.config / "router.toml"
    file.write_text(file.read_text().replace('"0.90"', '"1"'))
    done = routed.command(*words)
    assert (done.returncode, done.stdout) == (0, "# 0 new, 0 changed, 0 gone of 5 listed; nothing was applied\n")


def test_import_compares_with_what_admins_changed(routed: House) -> None:
    routed.start()
    admin = routed.key("admin", None, None, "--name", "first")
    with routed.http(admin) as http:
        seen = {"if-match": http.get("/api/admin/models/router/simco/sim-small").headers["etag"]}
        prices = {"input": "1", "cached_input": "0.1", "output": "2"}
        body = {"prices": prices, "reason": "test"}
        assert http.patch("/api/admin/models/router/simco/sim-small", json=body, headers=seen).status_code == 200
    done = routed.command("catalog", "import", "router", "--only", "*/sim-small")
    assert done.returncode == 3
    assert "--- admin change: router/simco/sim-small" in done.stdout
    assert '+prices = { input = "1", cached_input = "0.1", output = "3.00" }' in done.stdout


@pytest.mark.parametrize(
    ("provider", "says"),
    [("nobody", "there is no provider nobody"), ("keyless", "E2E_KEY_THAT_IS_NOT_SET is not set"), ("sim", "key wrong")],
)
def test_import_says_why_it_could_not(routed: House, provider: str, says: str) -> None:
    done = routed.command("catalog", "import", provider, E2E_PROVIDER_KEY="another")
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_check_live_says_of_each_provider_whether_it_works(routed: House, sim: Simulator) -> None:
    sim.forget()
    done = routed.command("check", "--live", "sim", "spare")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sim: works. " in done.stdout
    assert "spare: works. " in done.stdout
    assert done.stdout.endswith("all 2 work\n")
    assert len(sim.calls()) == 1
    assert not routed.database.exists()


def test_check_live_says_what_is_wrong_and_fails(own_house: HouseMaker, sim: Simulator, spare: Simulator) -> None:
    house = own_house(sim, spare)
    for id, fault in (("poor", "quota_out"), ("abroad", "wrong_region"), ("typo", "model_unknown")):
        with_provider(house, id, spare.url, f"fault:{fault}")
    with_provider(house, "closed", "http://127.0.0.1:1", "m")
    with_provider(house, "inward", "https://127.0.0.1:1", "m", more="")
    done = house.command(
        "check", "--live", "sim", "keyless", "poor", "abroad", "typo", "closed", "inward", E2E_PROVIDER_KEY="bad-4711"
    )
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert done.returncode == 1
    assert said["sim"].startswith("key wrong")
    assert said["keyless"].startswith("key missing: E2E_KEY_THAT_IS_NOT_SET")
    assert said["poor"].startswith("no credit")
    assert said["abroad"].startswith("wrong region")
    assert said["typo"].startswith("model unknown")
    assert said["closed"].startswith("address cannot be reached: 127.0.0.1 takes no connection")
    assert said["inward"].startswith("address cannot be reached: 127.0.0.1 is at a private address")
    assert done.stdout.endswith("7 of 7 do not work\n")
    assert "bad-4711" not in done.stdout + done.stderr


def test_check_live_calls_nobody_when_the_catalog_is_wrong(own_house: HouseMaker, sim: Simulator) -> None:
    house = own_house(sim)
    (house.config / "more.toml").write_text("[[model]]\n")
    sim.forget()
    assert house.command("check", "--live").returncode == 1
    assert sim.calls() == []


def test_check_live_of_an_unknown_provider_is_refused(own_house: HouseMaker, sim: Simulator) -> None:
    done = own_house(sim).command("check", "--live", "nobody")
    assert (done.returncode, "there is no provider nobody" in done.stderr) == (1, True)


def test_a_live_check_beside_books_leaves_typed_rows_charged_to_nobody(own_house: HouseMaker, sim: Simulator) -> None:
    house = own_house(sim)
    with_provider(house, "broken", sim.url, "sim--fail=500", 'private_network = true\nkey_variable = "E2E_PROVIDER_KEY"')
    house.key("user", "ursula", "plus")
    assert house.command("check", "--live", "sim", "broken").returncode == 1
    rows = house.rows(
        "SELECT kind, user_id, provider_id, status, credits_milli, raw_nano_usd > 0 FROM model_calls ORDER BY provider_id"
    )
    assert rows == [("probe", "(probe)", "broken", "failed", 0, 0), ("probe", "(probe)", "sim", "served", 0, 1)]
    assert house.rows("SELECT count(*), sum(charged) FROM attempts") == [(2, 0)]
    assert house.rows("SELECT count(*) FROM entries WHERE kind <> 'grant'") == [(0,)]
    assert wrong_in_books(house.database) == []
    assert "; 0 rows were wrong" in house.command("rollups", "recount").stdout
    (call_id,) = house.rows("SELECT id FROM model_calls WHERE status = 'served'")[0]
    assert "made to see who works" in house.command("explain", call_id).stdout
    said = " ".join(map(str, house.rows("SELECT * FROM model_calls")))
    assert PROVIDER_KEY not in said


def test_a_reader_who_has_seen_enough_gets_no_traceback(routed: House) -> None:
    words = [sys.executable, "-m", "proxy", "catalog", "import", "router"]
    piped = subprocess.PIPE
    with subprocess.Popen(words, env=routed.env, cwd=routed.folder, stdout=piped, stderr=piped, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (1, "")
