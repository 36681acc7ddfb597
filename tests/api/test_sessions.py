"""Claims about the console's sessions: bounded in number and time, never taken over, and known by their hash alone; of one
process, and of several that share a folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.api.session_files import SessionFiles
from proxy.api.sessions import IDLE_MS, LIFETIME_MS, SESSIONS_MAX, Sessions

NOW_MS = 1_000_000
Make = Callable[..., Sessions]


@pytest.fixture(params=["memory", "files"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def made(sessions_max: int = SESSIONS_MAX) -> Sessions:
        return Sessions(sessions_max, SessionFiles(tmp_path / "sessions") if request.param == "files" else None)

    return made


def test_workers_of_one_folder_know_each_others_sessions_and_ends(tmp_path: Path) -> None:
    one, other = (Sessions(by_hash=SessionFiles(tmp_path / "sessions")) for _ in range(2))
    session_id, session = one.open("k1", NOW_MS)
    assert other.find(session_id, NOW_MS) == session
    assert other.find(session_id, NOW_MS + IDLE_MS // 2) is not None
    assert one.find(session_id, NOW_MS + IDLE_MS) is not None
    other.end(session_id)
    assert one.find(session_id, NOW_MS) is None


def test_no_file_is_named_by_an_id_that_a_cookie_holds(tmp_path: Path) -> None:
    session_id, _ = Sessions(by_hash=SessionFiles(tmp_path)).open("k1", NOW_MS)
    (file,) = tmp_path.iterdir()
    assert session_id not in file.name + file.read_text()


def test_a_session_is_found_by_its_id_alone(make: Make) -> None:
    sessions = make()
    session_id, session = sessions.open("k1", NOW_MS)
    found = sessions.find(session_id, NOW_MS)
    assert found is not None
    assert (found.key_id, found.token) == ("k1", session.token)
    assert sessions.find("an id that somebody planted", NOW_MS) is None


def test_ids_and_tokens_are_new_each_time(make: Make) -> None:
    sessions = make()
    opened = [sessions.open("k1", NOW_MS) for _ in range(20)]
    assert len({secret for session_id, session in opened for secret in (session_id, session.token)}) == 40


def test_it_ends_when_it_is_idle_and_at_the_latest_after_its_lifetime(make: Make) -> None:
    sessions = make()
    idle, _ = sessions.open("k1", NOW_MS)
    assert sessions.find(idle, NOW_MS + IDLE_MS) is None
    busy, _ = sessions.open("k1", NOW_MS)
    moments = range(NOW_MS, NOW_MS + LIFETIME_MS, IDLE_MS // 2)
    assert all(sessions.find(busy, moment) for moment in moments)
    assert sessions.find(busy, NOW_MS + LIFETIME_MS) is None


def test_signing_out_ends_it_and_nothing_else(make: Make) -> None:
    sessions = make()
    (first, _), (second, _) = sessions.open("k1", NOW_MS), sessions.open("k1", NOW_MS)
    sessions.end(first)
    sessions.end("nobody's")
    assert sessions.find(first, NOW_MS) is None
    assert sessions.find(second, NOW_MS) is not None


def test_the_oldest_makes_room(make: Make) -> None:
    sessions = make(sessions_max=2)
    ids = [sessions.open("k1", NOW_MS)[0] for _ in range(3)]
    assert [sessions.find(session_id, NOW_MS) is not None for session_id in ids] == [False, True, True]


def test_a_token_belongs_to_one_session(make: Make) -> None:
    sessions = make()
    first, second = sessions.open("k1", NOW_MS)[1], sessions.open("k1", NOW_MS)[1]
    assert first.owns(first.token)
    assert not first.owns(second.token)
    assert not first.owns("")
