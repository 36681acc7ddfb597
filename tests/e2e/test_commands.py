"""The command line beside a running gateway: what it refuses, what it prints, and how soon the gateway knows."""

import json
import signal
import socket
import sqlite3
from contextlib import closing
from copy import copy
from pathlib import Path

import pytest

from proxy.__main__ import main
from tests.e2e.conftest import HouseMaker, Keys
from tests.e2e.harness import House, Simulator, chat, eventually, key_id

CHAT = "/v1/chat/completions"


def test_a_taken_port_is_named_with_a_way_out(own_house: HouseMaker, sim: Simulator) -> None:
    house = own_house(sim)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = house.command("serve", SIGNALBOX_PORT=str(port))
    assert done.returncode == 1
    assert f"127.0.0.1:{port} is taken" in done.stderr
    assert "SIGNALBOX_PORT=" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["serve", "check", "demo"])
def test_an_unknown_setting_is_refused_by_name(own_house: HouseMaker, sim: Simulator, verb: str) -> None:
    done = own_house(sim).command(verb, SIGNALBOX_PROT="8080")
    assert done.returncode == 1
    assert "SIGNALBOX_PROT" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIGNALBOX_PORT", "eighty"),
        ("SIGNALBOX_PEPPER", "short"),
        ("SIGNALBOX_DATABASE_URL", "mysql://x"),
        ("SIGNALBOX_LEASE_MS", "1"),
        ("E2E_PROVIDER_KEY_FILE", "/nowhere/at/all"),
    ],
)
def test_a_doubtful_setting_keeps_the_gateway_from_starting(
    own_house: HouseMaker, sim: Simulator, name: str, value: str
) -> None:
    done = own_house(sim).command("serve", **{name: value})
    assert done.returncode == 1
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_pepper_nothing_is_served(own_house: HouseMaker, sim: Simulator) -> None:
    house = own_house(sim)
    del house.env["SIGNALBOX_PEPPER"]
    done = house.command("serve")
    assert done.returncode == 1
    assert "SIGNALBOX_PEPPER" in done.stderr
    assert not house.database.exists()


def test_with_another_pepper_than_the_books_keys_nothing_is_served_and_no_key_is_made(
    own_house: HouseMaker, sim: Simulator
) -> None:
    house = own_house(sim)
    house.key("user", "ann", "free")
    house.env["SIGNALBOX_PEPPER"] = "another pepper, of forty characters or so"
    done = house.command("serve")
    assert (done.returncode, "listening" in done.stdout, "Traceback" in done.stderr) == (1, False, False)
    assert "SIGNALBOX_PEPPER: is not what the keys in these books were made with" in done.stderr
    with pytest.raises(ChildProcessError, match="SIGNALBOX_PEPPER: is not what"):
        house.key("user", "bob", "free")


@pytest.mark.parametrize(
    ("was", "becomes", "named"),
    [
        ('prices = { input = "1.5", output = "10" }', "prices = { input = 1.5, output = 10 }", ("spare/small", "prices.input")),
        ('id = "spare/words"\n', 'id = "nobody/words"\n', ("nobody",)),
        ('default_mode = "x"', "", ()),
        ("hold_lead_tokens = 16", "hold_leed_tokens = 16", ("hold_leed_tokens",)),
    ],
)
def test_check_names_file_and_key_of_a_mistake(
    own_house: HouseMaker, sim: Simulator, was: str, becomes: str, named: tuple[str, ...]
) -> None:
    house = own_house(sim)
    file = house.config / "catalog.toml"
    text = file.read_text()
    file.write_text(text.replace(was, becomes))
    done = house.command("check")
    assert done.returncode == (1 if was in text else 0)
    if was in text:
        assert "catalog.toml" in done.stdout
        assert all(name in done.stdout for name in named), done.stdout
        refused = house.command("serve")
        assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
        assert "catalog.toml" in refused.stderr


def test_a_sound_house_is_ready(house: House) -> None:
    done = house.command("check")
    assert done.returncode == 0
    assert "ready to serve" in done.stdout
    assert "E2E_KEY_THAT_IS_NOT_SET" in done.stdout


def test_a_new_key_works_and_a_revoked_one_stops_while_the_gateway_runs(house: House) -> None:
    key = house.command("keys", "create", "--user", "passing", "--plan", "free").stdout.strip()
    with house.http(key) as http:
        assert http.get("/api/me").status_code == 200
        done = house.command("keys", "revoke", key_id(key), "--reason", "test")
        assert "1 ended" in done.stdout
        eventually(lambda: http.get("/api/me").status_code == 401, "the end of the key")
    assert f"{key_id(key)}\tuser\tpassing\trevoked" in house.command("keys", "list", "--user", "passing").stdout


def test_a_rotated_key_hands_over(house: House) -> None:
    old = house.key("user", "turning", "free")
    new = house.command("keys", "rotate", key_id(old), "--grace-minutes", "0").stdout.strip()
    with house.http(new) as http:
        assert http.get("/api/me").status_code == 200
    with house.http(old) as http:
        eventually(lambda: http.get("/api/me").status_code == 401, "the end of the old key")


def test_revoking_a_key_ends_the_keys_made_from_it(house: House) -> None:
    parent = house.key("user", "parent", "free", "--manage-keys")
    with house.http(parent) as http:
        child = http.post("/api/keys", json={"name": "child"}).json()["key"]
    house.command("keys", "revoke", key_id(parent))
    with house.http(child) as http:
        eventually(lambda: http.get("/api/me").status_code == 401, "the end of the child")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("keys", "create", "--user", "a b/c"), "--user: must be 1 to 100 letters"),
        (("keys", "create", "--user", "ann\n"), "--user: must be 1 to 100 letters"),
        (("keys", "create", "--kind", "app", "--app", "../x"), "--app: must be 1 to 100 letters"),
        (("keys", "create", "--user", "ann", "--name", "x" * 201), "--name: must be printable, with 200 characters"),
        (("keys", "create", "--user", "ann", "--name", "a\tb"), "--name: must be printable"),
        (("keys", "create", "--user", "ann", "--expires-in-days=-3"), "from 1 to 3650"),
        (("keys", "create", "--user", "ann", "--expires-in-days", "9" * 30), "from 1 to 3650"),
        (("keys", "rotate", "x", "--grace-minutes=-5"), "from 0 to 10080"),
        (("keys", "rotate", "x", "--grace-minutes", "99999999999999999"), "from 0 to 10080"),
        (("routing", "report", "--days", "0"), "from 1 to 3650"),
        (("serve", "--workers", "0"), "from 1 to 64"),
    ],
)
def test_words_that_are_off_are_refused_before_anything_is_done(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    assert says in told.err


def test_a_file_that_is_not_there_is_named_once(tmp_path: Path, house: House) -> None:
    done = house.command("precheck", "test", str(tmp_path / "none.jsonl"))
    assert (done.returncode, done.stderr) == (1, f"{tmp_path / 'none.jsonl'}: No such file or directory\n")


def test_a_key_needs_its_owner_and_no_other(house: House) -> None:
    for words in (
        ["--kind", "user"],
        ["--kind", "app"],
        ["--kind", "user", "--user", "u", "--app", "a"],
        ["--kind", "admin", "--app", "a"],
    ):
        done = house.command("keys", "create", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert "--" in done.stderr


def test_a_blocked_prompt_reaches_no_provider_and_costs_nothing(house: House, sim: Simulator, spare: Simulator) -> None:
    for provider in (sim, spare):
        provider.forget()
    key = house.key("user", "blocked", "plus")
    with house.http(key) as http:
        for body in (chat("sim/small", "a forbiddenword"), chat("auto", "forbiddenword", stream=True)):
            answer = http.post(CHAT, json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "content_policy_violation")
            call = http.get(f"/api/calls/{answer.headers['x-signalbox-call']}").json()
            assert (call["status"], float(call["credits"]), call["attempts"]) == ("refused", 0.0, [])
        assert float(http.get("/api/me").json()["windows"][0]["spent"]) == 0
    assert (sim.calls(), spare.calls()) == ([], [])
    assert house.rows("SELECT 1 FROM entries JOIN model_calls ON hold_id = model_calls.id WHERE user_id = 'blocked'") == []


@pytest.mark.parametrize("model", ["sim/small", "auto", "falls-over", "sim/absent", "sim/gold", "sim/broken"])
def test_explain_decides_every_recorded_call_the_same_way(house: House, keys: Keys, model: str) -> None:
    with house.http(keys.free) as http:
        call_id = http.post(CHAT, json=chat(model)).headers["x-signalbox-call"]
    done = house.command("explain", call_id)
    assert done.returncode == 0, done.stdout + done.stderr
    assert call_id in done.stdout


def test_explain_says_when_there_is_no_such_call(house: House) -> None:
    done = house.command("explain", "call_nobody")
    assert (done.returncode, "call_nobody" in done.stderr) == (1, True)


def test_the_books_of_a_running_gateway_can_be_verified(house: House, keys: Keys) -> None:
    with house.http(keys.user) as http:
        assert http.post(CHAT, json=chat("sim/small")).status_code == 200
    done = house.command("ledger", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the books are right" in done.stdout


def test_who_only_looks_at_the_books_needs_no_pepper(house: House, keys: Keys) -> None:
    with house.http(keys.free) as http:
        call_id = http.post(CHAT, json=chat("sim/small")).headers["x-signalbox-call"]
    for words in (("explain", call_id), ("ledger", "verify"), ("rollups", "recount"), ("keys", "list"), ("clock", "show")):
        done = _without_pepper(house).command(*words)
        assert (done.returncode, done.stderr) == (0, ""), words


def test_books_that_are_not_there_are_not_called_right_nor_begun(house: House, tmp_path: Path) -> None:
    missing = tmp_path / "elsewhere.db"
    done = house.command("ledger", "verify", SIGNALBOX_DATABASE_URL=f"sqlite:///{missing}")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"there are no books at {missing}" in done.stderr
    assert not missing.exists()


def test_a_file_that_holds_no_books_is_named(house: House, tmp_path: Path) -> None:
    (tmp_path / "other.db").write_text("no database at all")
    done = house.command("ledger", "verify", SIGNALBOX_DATABASE_URL=f"sqlite:///{tmp_path / 'other.db'}")
    assert done.returncode == 1
    assert "SIGNALBOX_DATABASE_URL: " in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_pepper_no_key_is_made_nor_anybody_for_it(house: House) -> None:
    done = _without_pepper(house).command("keys", "create", "--user", "keyless", "--plan", "plus")
    assert (done.returncode, "SIGNALBOX_PEPPER" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert house.rows("SELECT 1 FROM users WHERE id = 'keyless'") == []


def _without_pepper(house: House) -> House:
    bare = copy(house)
    bare.env = {name: value for name, value in house.env.items() if name != "SIGNALBOX_PEPPER"}
    return bare


def test_every_difference_in_the_books_is_named(own_house: HouseMaker, sim: Simulator) -> None:
    house = own_house(sim)
    house.key("user", "ursula", "plus")
    with closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute("INSERT INTO counters VALUES ('user:ursula', 'included/month', '2026-01-01', 7, 0)")
        connection.execute("INSERT INTO hold_scopes VALUES ('user:ursula', 'call_nobody')")
    done = house.command("ledger", "verify")
    assert done.returncode == 1
    first, second, last = done.stdout.splitlines()
    assert first.startswith("counter user:ursula included/month 2026-01-01 shows spent 7")
    assert second == "concurrency counts hold call_nobody, which is not live"
    assert last == "2 differences"


def test_a_gateway_whose_clock_is_behind_its_books_takes_calls_once_the_command_line_confirms(
    own_house: HouseMaker, sim: Simulator
) -> None:
    house = own_house(sim)
    key = house.key("user", "ursula", "plus")
    with closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute("UPDATE clock SET furthest_ms = 4102444800000")
    house.start()
    with house.http(key) as http:
        refused = http.post(CHAT, json=chat("sim/small"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_unavailable")
        with house.http() as anybody:
            assert "signalbox_clock_doubted 1.0" in anybody.get("/metrics").text
        eventually(lambda: '"name":"clock"' in house.gateway.errors, "a line in the log")
        shown = house.command("clock", "show")
        assert (shown.returncode, "nothing is admitted" in shown.stdout) == (1, True)
        confirmed = house.command("clock", "confirm", "--reason", "a restored machine")
        assert (confirmed.returncode, "is believed" in confirmed.stdout) == (0, True)
        eventually(lambda: http.get("/readyz").status_code == 200, "the gateway to know")
        assert http.post(CHAT, json=chat("sim/small")).status_code == 200


def test_catalog_shows_what_can_be_called_and_what_an_admin_changed(house: House, keys: Keys) -> None:
    shown = house.command("catalog", "show").stdout
    assert "sim/small" in shown
    assert "secretive" in shown
    with house.http(keys.admin) as http:
        seen = {"if-match": http.get("/api/admin/models/sim/cut").headers["etag"]}
        changed = http.patch("/api/admin/models/sim/cut", json={"name": "Cutter", "reason": "test"}, headers=seen)
        assert changed.status_code == 200, changed.text
    assert "sim/cut" in house.command("catalog", "diff").stdout


def test_recounting_finds_the_sums_that_live_calls_made(house: House, keys: Keys) -> None:
    with house.http(keys.free) as http:
        assert http.post(CHAT, json=chat("sim/small")).status_code == 200
    done = house.command("rollups", "recount")
    assert (done.returncode, "; 0 rows were wrong" in done.stdout) == (0, True)
    assert house.rows("SELECT count(*) > 0, min(calls_served) >= 0 FROM rollups") == [(1, 1)]


@pytest.mark.parametrize("words", [["--help"], ["keys", "create", "--help"], ["serve", "--help"], ["explain", "--help"]])
def test_help_is_there_without_any_setting(house: House, words: list[str], tmp_path: Path) -> None:
    done = house.command(*words, SIGNALBOX_CONFIG_DIR=str(tmp_path / "absent"))
    assert done.returncode == 0
    assert len(done.stdout) > 80


def test_a_hangup_reads_the_catalog_again_and_a_bad_file_changes_nothing(own_house: HouseMaker, sim: Simulator) -> None:
    house = own_house(sim)
    house.start()
    key = house.key("user", "ursula", "plus")
    file = house.config / "catalog.toml"
    sound = file.read_text()

    def names() -> list[str]:
        with house.http(key) as http:
            return [plan["name"] for plan in http.get("/api/plans").json()["data"]]

    file.write_text(sound.replace('name = "Plus"', 'name = "Plus and more"'))
    house.gateway.send(signal.SIGHUP)
    eventually(lambda: "Plus and more" in names(), "the reload")
    file.write_text("not a catalog")
    house.gateway.send(signal.SIGHUP)
    eventually(lambda: "the old catalog stays in force" in house.gateway.errors, "the refusal in the log")
    assert "Plus and more" in names()


def test_the_routing_report_shows_what_became_of_calls(house: House, keys: Keys) -> None:
    with house.http(house.key("user", "critic", "free")) as user:
        answer = user.post(CHAT, json=chat("sim/small", "say so"))
        said = user.post("/api/feedback", json={"call": answer.headers["x-signalbox-call"], "thumb": "down", "reason": "wrong"})
        assert said.status_code == 200, said.text
    report = json.loads(house.command("routing", "report", "--days", "1", "--json").stdout)
    (row,) = [row for row in report if (row["family"], row["model"]) == ("-", "sim/small")]
    assert row["calls"] >= 1
    assert row["thumbs_down"] >= 1
    table = house.command("routing", "report").stdout.splitlines()
    assert table[0].split()[:3] == ["family", "model", "calls"]
    assert any(line.split()[:2] == ["-", "sim/small"] for line in table[1:])
