"""Claims about the bounded memory: it forgets the oldest and the changed, and keeps no trace of either."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.store.memory import Memory

U1 = ("user", "u1")
U2 = ("user", "u2")


def test_what_was_used_least_lately_makes_room() -> None:
    memory: Memory[str, int] = Memory(2)
    memory.keep("a", 1, ())
    memory.keep("b", 2, ())
    memory.get("a")
    memory.keep("c", 3, ())
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (1, None, 3)


def test_a_change_takes_what_was_made_of_it_and_nothing_else() -> None:
    memory: Memory[str, int] = Memory(9)
    memory.keep("a", 1, (U1, U2))
    memory.keep("b", 2, (U2,))
    memory.keep("c", 3, (U1,))
    memory.changed(U1)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (None, 2, None)


def test_a_value_kept_anew_depends_on_its_new_parts_alone() -> None:
    memory: Memory[str, int] = Memory(9)
    memory.keep("a", 1, (U1,))
    memory.keep("a", 2, (U2,))
    memory.changed(U1)
    assert memory.get("a") == 2


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sets(st.sampled_from([U1, U2]))), max_size=40))
def test_it_never_holds_more_than_its_bound_nor_remembers_parts_of_what_left(
    kept: list[tuple[str, set[tuple[str, str]]]],
) -> None:
    memory: Memory[str, int] = Memory(3)
    for number, (name, parts) in enumerate(kept):
        memory.keep(name, number, parts)
        assert len(memory) <= 3
    for part in (U1, U2):
        memory.changed(part)
    assert len(memory) == sum(not parts for _, parts in _last(kept)[-3:])


def _last(kept: list[tuple[str, set[tuple[str, str]]]]) -> list[tuple[str, set[tuple[str, str]]]]:
    """The last value of each name, in the order in which they were kept last."""
    last: dict[str, set[tuple[str, str]]] = {}
    for name, parts in kept:
        last.pop(name, None)
        last[name] = parts
    return list(last.items())
