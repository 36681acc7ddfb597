"""Claims about the list of calls that tests look at."""

import orjson

from proxy.simulator.calls import CALLS_MAX, COUNTED_MODELS_MAX, KEPT_BODY_BYTES_MAX, CallLog


def numbers(log: CallLog) -> list[int]:
    return [call["number"] for call in orjson.loads(log.listed())]


def test_a_call_is_shown_with_the_body_it_came_with() -> None:
    log = CallLog()
    log.open("/v1/chat/completions", {"x": "y"}, b'{"model": "sim"}', is_json=True)
    shown = orjson.loads(log.listed())[0]
    assert (shown["number"], shown["headers"], shown["body"], shown["body_bytes"]) == (
        1,
        {"x": "y"},
        {"model": "sim"},
        16,
    )


def test_a_body_that_is_no_json_is_only_measured() -> None:
    log = CallLog()
    log.open("/", {}, b"{oops", is_json=False)
    assert orjson.loads(log.listed())[0]["body"] is None


def test_the_list_is_bounded_in_number() -> None:
    log = CallLog()
    for _ in range(CALLS_MAX + 5):
        log.open("/", {}, b"{}", is_json=True)
    assert numbers(log) == list(range(6, CALLS_MAX + 6))


def test_the_list_is_bounded_in_bytes() -> None:
    log = CallLog()
    big = b'"' + b"x" * (KEPT_BODY_BYTES_MAX // 2) + b'"'
    for _ in range(4):
        log.open("/", {}, big, is_json=True)
    assert numbers(log) == [4]


def test_each_model_is_counted_by_itself_until_all_is_forgotten() -> None:
    log = CallLog()
    assert [log.seen_before(model) for model in ("a", "b", "a", "a")] == [0, 0, 1, 2]
    log.forget()
    assert log.seen_before("a") == 0


def test_forgetting_empties_the_list_and_lets_numbers_go_on() -> None:
    log = CallLog()
    log.open("/", {}, b"{}", is_json=True)
    log.forget()
    assert numbers(log) == []
    assert log.open("/", {}, b"{}", is_json=True).number == 2


def test_counts_are_bounded_too() -> None:
    log = CallLog()
    for model in range(COUNTED_MODELS_MAX + 1):
        log.seen_before(str(model))
    assert log.seen_before("0") == 0
    assert log.seen_before(str(COUNTED_MODELS_MAX)) == 1
