"""The contract of ports.Conversations, the same for every database: turns in their order, their own user's alone, erased."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from proxy.domain.conversation import Answerer, Opening, Turn, Written
from proxy.domain.desk import Change
from proxy.domain.ledger import RecordCall
from proxy.store.conversations import SqlConversations, sweep
from tests.builders import NOW_MS, call
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor

DAY_MS: Final = 86_400_000
NEWEST: Final = (2**62, "")
FIRST: Final = Opening("u1", "conv-1", "call-1", "A title", '"Hi. \\u0000 ☂"', NOW_MS)
BY: Final = Answerer("call-1", "p/m", "coder", "ordered", 1_500)


@pytest.fixture(params=sorted(DESK_HOUSES))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskDoor]:
    async with DESK_HOUSES[request.param](tmp_path) as house:
        yield await house.door()


@pytest.fixture
def shelf(door: DeskDoor) -> SqlConversations:
    return SqlConversations(door.database, door.clock)


async def turns(shelf: SqlConversations, user_id: str = "u1", conversation_id: str = "conv-1") -> list[Turn]:
    found = await shelf.shown(user_id, conversation_id)
    return [] if found is None else found[1]


async def told(shelf: SqlConversations, text: str = "Hello.", **changes: Any) -> int:
    opening = replace(FIRST, **changes)
    number = await shelf.begin(opening)
    await shelf.save(opening, number, Written(text, "whole", replace(BY, call_id=opening.call_id)))
    return number


async def test_what_was_said_comes_back_whole_and_in_order(shelf: SqlConversations) -> None:
    await told(shelf, "Hello. \0 ☂")
    await told(shelf, "More.", call_id="call-2", title="never seen", question='[{"type": "text", "text": "And?"}]')
    found = await shelf.shown("u1", "conv-1")
    assert found is not None
    assert (found[0].title, [(turn.number, turn.role, turn.content, turn.state) for turn in found[1]]) == (
        "A title",
        [
            (1, "user", "Hi. \0 ☂", "whole"),
            (2, "assistant", "Hello. \0 ☂", "whole"),
            (3, "user", [{"type": "text", "text": "And?"}], "whole"),
            (4, "assistant", "More.", "whole"),
        ],
    )
    assert found[1][1].by == BY


async def test_nobody_else_sees_changes_or_erases_it(shelf: SqlConversations) -> None:
    await told(shelf)
    assert await shelf.shown("u2", "conv-1") is None
    assert await shelf.listed("u2", NEWEST, 9) == []
    assert await shelf.rename("u2", "conv-1", "mine") is None
    assert (await shelf.erase("u2", "conv-1"), await shelf.erase_all("u2", None)) == (False, 0)
    await told(shelf, "other", user_id="u2", title="Of another")
    assert [turn.content for turn in await turns(shelf)][1] == "Hello."


async def test_the_newest_are_listed_first_a_page_at_a_time(shelf: SqlConversations) -> None:
    for number in range(5):
        await told(shelf, conversation_id=f"conv-{number}", at_ms=NOW_MS + number // 2)
    first = await shelf.listed("u1", NEWEST, 3)
    rest = await shelf.listed("u1", (first[-1].changed_at_ms, first[-1].id), 3)
    assert [one.id for one in (*first, *rest)] == ["conv-4", "conv-3", "conv-2", "conv-1", "conv-0"]


async def test_a_turn_said_anew_replaces_what_was_said_and_nothing_else(shelf: SqlConversations) -> None:
    await told(shelf)
    await told(shelf, "left", call_id="call-2")
    await told(shelf, "of another tab", call_id="call-3")
    assert await told(shelf, "anew", call_id="call-4", instead=(3, 4)) == 8
    assert [turn.content for turn in await turns(shelf)][1::2] == ["Hello.", "of another tab", "anew"]


async def test_an_answer_goes_on_and_its_first_call_writes_it_no_more(shelf: SqlConversations) -> None:
    number = await told(shelf, "Hel")
    again = replace(FIRST, call_id="call-2", question=None, continues=number)
    assert await shelf.begin(again) == number
    assert (await turns(shelf))[-1].state == "running"
    await shelf.save(FIRST, number, Written("too late", "cut", BY))
    await shelf.save(again, number, Written("Hello.", "whole", replace(BY, call_id="call-2")))
    assert [(turn.content, turn.state) for turn in await turns(shelf)][1:] == [("Hello.", "whole")]


async def test_an_answer_that_nobody_finished_is_cut_once_its_call_has_ended(door: DeskDoor, shelf: SqlConversations) -> None:
    await shelf.begin(FIRST)
    assert (await turns(shelf))[-1].state == "running"
    (acked,) = await door.ledger.apply([RecordCall(call("call-1", at_ms=NOW_MS - 60_000, status="crashed"))])
    assert not isinstance(acked, Exception)
    assert (await turns(shelf))[-1].state == "cut"


async def test_a_question_without_an_answer_is_taken_back(shelf: SqlConversations) -> None:
    await shelf.begin(FIRST)
    await shelf.withdraw(FIRST)
    assert await shelf.listed("u1", NEWEST, 9) == []
    await told(shelf)
    later = replace(FIRST, call_id="call-2")
    await shelf.begin(later)
    await shelf.withdraw(later)
    assert len(await turns(shelf)) == 2


async def test_it_is_renamed_and_erased_and_what_is_erased_stays_so(door: DeskDoor, shelf: SqlConversations) -> None:
    number = await told(shelf)
    renamed = await shelf.rename("u1", "conv-1", "Better")
    assert renamed is not None
    assert renamed.title == "Better"
    assert [await shelf.erase("u1", "conv-1") for _ in range(2)] == [True, False]
    await shelf.save(FIRST, number, Written("late", "whole", BY))
    assert await door.look("SELECT * FROM kept_turns") == []


async def test_all_are_erased_and_whoever_did_it_for_them_is_written_down(door: DeskDoor, shelf: SqlConversations) -> None:
    for number in range(3):
        await told(shelf, conversation_id=f"conv-{number}")
    assert await shelf.erase_all("u1", Change("key:k1", "asked by letter")) == 3
    assert await door.look("SELECT action, subject, reason FROM audit") == [
        ("erase_conversations", "user:u1", "asked by letter")
    ]
    assert await door.look("SELECT * FROM kept_turns") == []


async def test_what_nobody_went_on_with_for_so_long_is_swept_away_a_part_at_a_time(
    door: DeskDoor, shelf: SqlConversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.store.conversations._ERASED_MAX", 2)
    for number in range(3):
        await told(shelf, conversation_id=f"old-{number}", at_ms=NOW_MS - 31 * DAY_MS)
    await told(shelf, conversation_id="young", at_ms=NOW_MS - 29 * DAY_MS)
    assert [await sweep(door.database, door.clock, 30) for _ in range(3)] == [2, 1, 0]
    assert await door.look("SELECT DISTINCT conversation_id FROM kept_turns") == [("young",)]
