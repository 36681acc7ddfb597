"""Claims about identifiers: they sort by time, never meet, and show no user to a provider."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.ids import RandomIds

IDS = RandomIds(b"pepper" * 8)
MOMENTS = st.integers(0, 2**48)


@given(earlier=MOMENTS, later=MOMENTS)
def test_call_ids_sort_by_their_millisecond(earlier: int, later: int) -> None:
    if earlier < later:
        assert IDS.call_id(earlier) < IDS.call_id(later)


def test_a_thousand_ids_of_one_millisecond_are_a_thousand_ids() -> None:
    assert len({IDS.call_id(1) for _ in range(1_000)}) == 1_000
    assert len({IDS.request_id() for _ in range(1_000)}) == 1_000


def test_a_providers_view_of_a_user_is_steady_keyed_and_not_the_users_id() -> None:
    assert IDS.end_user("u1") == IDS.end_user("u1")
    assert IDS.end_user("u1") != IDS.end_user("u2")
    assert IDS.end_user("u1") != RandomIds(b"other pepper").end_user("u1")
    assert "u1" not in IDS.end_user("u1")


def test_jitter_stays_within_its_range() -> None:
    assert all(0 <= IDS.jitter() < 1 for _ in range(100))
