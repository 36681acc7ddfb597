"""Claims about kept answers: the same bytes once more, within their bounds, and only of what was said to its end."""

import asyncio

import pytest

from proxy.pipeline.answers import AnswerLimits, Answers, Kept
from tests.pipeline.theatre import RememberingReply

HEADERS = [(b"x-signalbox-call", b"call_1")]


async def said(answers: Answers, call_id: str, *pieces: bytes) -> RememberingReply:
    """A whole answer, said in pieces."""
    reply = RememberingReply()
    with answers.recording(call_id, reply) as recorded:
        await recorded.start(200, HEADERS)
        for piece in pieces[:-1]:
            await recorded.write(piece)
        await recorded.end(pieces[-1])
    return reply


async def repeated(kept: Kept | None) -> RememberingReply:
    assert kept is not None
    reply = RememberingReply()
    await kept.speak(reply)
    return reply


async def test_an_answer_is_said_again_to_the_byte() -> None:
    answers = Answers(AnswerLimits())
    first = await said(answers, "call_1", b"a", b"bc", b"d")
    again = await repeated(answers.get("call_1"))
    assert again.heard == first.heard == b"abcd"
    assert (again.status, again.headers, again.ended, again.opened_by_ms) == (200, dict(HEADERS), True, None)


async def test_a_stream_is_said_again_as_a_stream_even_if_its_status_had_left_early() -> None:
    answers = Answers(AnswerLimits())
    reply = RememberingReply()
    with answers.recording("call_1", reply) as recorded:
        recorded.open_by(20_000, HEADERS)
        reply.started = True
        await recorded.end(b"data: 1\n\n")
    again = await repeated(answers.get("call_1"))
    assert (again.heard, again.headers) == (b"data: 1\n\n", dict(HEADERS))
    assert again.opened_by_ms is not None


async def test_what_was_not_said_to_its_end_is_not_kept_and_takes_no_room() -> None:
    answers = Answers(AnswerLimits(bytes_max=10))
    with answers.recording("call_1", RememberingReply()) as recorded:
        await recorded.start(200, HEADERS)
        await recorded.write(b"123456")
        assert answers.is_speaking("call_1")
    assert (answers.get("call_1"), answers.is_speaking("call_1")) == (None, False)
    await said(answers, "call_2", b"1234567890")
    assert answers.get("call_2") is not None


async def test_an_answer_is_there_before_its_last_bytes_are_sent() -> None:
    answers = Answers(AnswerLimits())
    reply = RememberingReply()

    async def lost(data: bytes = b"") -> None:
        assert answers.get("call_1") is not None
        raise ConnectionError

    reply.end = lost  # type: ignore[method-assign]  # the connection breaks at the end
    with answers.recording("call_1", reply) as recorded:
        await recorded.start(200, HEADERS)
        with pytest.raises(ConnectionError):
            await recorded.end(b"whole")
    assert (await repeated(answers.get("call_1"))).heard == b"whole"


async def test_the_number_and_the_size_of_answers_are_bounded_and_the_oldest_goes_first() -> None:
    few, small = Answers(AnswerLimits(answers_max=2)), Answers(AnswerLimits(bytes_max=10))
    for number in range(3):
        await said(few, f"call_{number}", b"x")
        await said(small, f"call_{number}", b"xx", b"xx")
    assert [few.get(f"call_{n}") is not None for n in range(3)] == [False, True, True]
    assert [small.get(f"call_{n}") is not None for n in range(3)] == [False, True, True]


async def test_an_answer_larger_than_all_there_is_room_for_is_spoken_and_not_kept() -> None:
    answers = Answers(AnswerLimits(bytes_max=10))
    assert (await said(answers, "call_1", b"x" * 6, b"x" * 6, b"x")).heard == b"x" * 13
    assert answers.get("call_1") is None
    await said(answers, "call_2", b"x" * 10)
    assert answers.get("call_2") is not None


async def test_an_answer_is_forgotten_after_its_time() -> None:
    answers = Answers(AnswerLimits(kept_ms=1, bytes_max=10))
    await said(answers, "call_1", b"x" * 10)
    for _ in range(1_000):
        if answers.get("call_1") is None:
            break
        await asyncio.sleep(0.001)
    assert answers.get("call_1") is None
    await said(answers, "call_2", b"x" * 10)
    assert answers.get("call_2") is not None


async def test_nothing_is_kept_where_that_is_off() -> None:
    answers = Answers(AnswerLimits(kept_ms=0))
    assert (await said(answers, "call_1", b"abc")).heard == b"abc"
    assert answers.get("call_1") is None


async def test_a_recording_passes_on_what_its_caller_does() -> None:
    reply = RememberingReply()
    left: list[bool] = []
    with Answers(AnswerLimits()).recording("call_1", reply) as recorded:
        recorded.on_leave(lambda: left.append(True))
        await recorded.pause(7)
        reply.leave()
        assert (recorded.gone, recorded.started, left, reply.paused_ms) == (True, False, [True], [7])
