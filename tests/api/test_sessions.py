"""Claims about the console's sessions: bounded in number and time, never taken over, and known by their hash alone."""

from proxy.api.sessions import IDLE_MS, LIFETIME_MS, Sessions

NOW_MS = 1_000_000


def test_a_session_is_found_by_its_id_alone() -> None:
    sessions = Sessions()
    session_id, session = sessions.open("k1", NOW_MS)
    found = sessions.find(session_id, NOW_MS)
    assert found is not None
    assert (found.key_id, found.token) == ("k1", session.token)
    assert sessions.find("an id that somebody planted", NOW_MS) is None


def test_ids_and_tokens_are_new_each_time() -> None:
    sessions = Sessions()
    opened = [sessions.open("k1", NOW_MS) for _ in range(20)]
    assert len({secret for session_id, session in opened for secret in (session_id, session.token)}) == 40


def test_it_ends_when_it_is_idle_and_at_the_latest_after_its_lifetime() -> None:
    sessions = Sessions()
    idle, _ = sessions.open("k1", NOW_MS)
    assert sessions.find(idle, NOW_MS + IDLE_MS) is None
    busy, _ = sessions.open("k1", NOW_MS)
    moments = range(NOW_MS, NOW_MS + LIFETIME_MS, IDLE_MS // 2)
    assert all(sessions.find(busy, moment) for moment in moments)
    assert sessions.find(busy, NOW_MS + LIFETIME_MS) is None


def test_signing_out_ends_it_and_nothing_else() -> None:
    sessions = Sessions()
    (first, _), (second, _) = sessions.open("k1", NOW_MS), sessions.open("k1", NOW_MS)
    sessions.end(first)
    sessions.end("nobody's")
    assert sessions.find(first, NOW_MS) is None
    assert sessions.find(second, NOW_MS) is not None


def test_the_oldest_makes_room() -> None:
    sessions = Sessions(sessions_max=2)
    ids = [sessions.open("k1", NOW_MS)[0] for _ in range(3)]
    assert [sessions.find(session_id, NOW_MS) is not None for session_id in ids] == [False, True, True]


def test_a_token_belongs_to_one_session() -> None:
    sessions = Sessions()
    first, second = sessions.open("k1", NOW_MS)[1], sessions.open("k1", NOW_MS)[1]
    assert first.owns(first.token)
    assert not first.owns(second.token)
    assert not first.owns("")
