"""Claims about the frame of ordinary endpoints: a handler sees only what was checked, and its faults become our errors."""

from typing import Any

import pytest
from starlette.responses import Response

from proxy.api.endpoint import BODY_BYTES_MAX, Answer, Endpoint, Visit, json_response
from proxy.api.front import Front
from proxy.api.rest import build_rest
from proxy.api.schemas import Given, Queries, Told
from proxy.domain.errors import Refusal
from proxy.ports import StoreUnavailable, VersionConflict
from tests.api.house import House, bearing, code_of
from tests.api.wire import client_of


class Wish(Given):
    words: str
    times: int = 1


class Look(Queries):
    depth: int = 0


class Seen(Told):
    saw: list[Any]


async def tell(visit: Visit) -> Answer:
    wish = visit.body_as(Wish)
    return Seen(saw=[wish.words, wish.times, visit.queries_as(Look).depth, visit.actor.startswith("key:")])


async def show(visit: Visit) -> Answer:
    return Seen(saw=[visit.path("id"), visit.if_match])


async def away(_: Visit) -> Answer:
    raise StoreUnavailable("away", retry_after_s=9)


async def contested(_: Visit) -> Answer:
    raise VersionConflict("changed")


async def refuse(_: Visit) -> Answer:
    return Refusal("cooling_off", "Rest.", retry_after_s=61)


async def tagged(_: Visit) -> Answer:
    return json_response(Seen(saw=[1]), 202, {"etag": '"v1"'})


async def mistaken(visit: Visit) -> Answer:
    return visit.body_as(Wish)


async def silent(_: Visit) -> Response:
    return Response(status_code=204)


def row(method: Any, path: str, handler: Any, **more: Any) -> Endpoint:
    return Endpoint(method, path, handler, ("user",), "A test", "Test", **more)


ROWS = (
    row("POST", "/t/tell", tell, body=Wish, queries=Look, answer=Seen, status=201),
    row("POST", "/t/long", silent, body=Wish, takes_prompts=True),
    row("POST", "/t/bare", silent),
    row("GET", "/t/show/{id:path}", show, answer=Seen),
    row("DELETE", "/t/show/{id:path}", silent),
    row("GET", "/t/away", away),
    row("PUT", "/t/contested", contested),
    row("GET", "/t/refuse", refuse),
    row("GET", "/t/tagged", tagged),
    row("GET", "/t/mistaken", mistaken),
)


class Frame:
    """The rows above behind a house's own services, called with a user's key."""

    def __init__(self, house: House, key: str) -> None:
        front = Front({}, build_rest(house.parts, ROWS, {}, dict), house.parts.ids)
        self.client = client_of(front)
        self.headers = bearing(key)

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = self.headers | more.pop("headers", {})
        return await self.client.request(method, f"/t/{path}", headers=headers, **more)


@pytest.fixture
async def frame(house: House) -> Frame:
    return Frame(house, await house.user_key())


async def test_a_handler_gets_its_body_and_queries_checked(frame: Frame) -> None:
    answer = await frame.ask("POST", "tell?depth=3&unknown=1", json={"words": "hi"})
    assert (answer.status_code, answer.json()) == (201, {"saw": ["hi", 1, 3, True]})


@pytest.mark.parametrize(
    ("sent", "code", "param"),
    [
        (b"", "invalid_request", "words"),
        (b"{", "invalid_json", None),
        (b"[]", "invalid_request", None),
        (b'{"words": "a", "words": "b"}', "invalid_request", "words"),
        (b'{"words": 7}', "invalid_request", "words"),
        (b'{"words": "a", "Words": "b"}', "invalid_request", "Words"),
        (b'{"words": "a", "times": "x"}', "invalid_request", "times"),
        (b'{"words": NaN}', "invalid_json", None),
        (b'{"words": "\\ud800"}', "invalid_json", None),
        (b"\xff", "invalid_json", None),
        (b"[" * 10_000, "invalid_request", None),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "invalid_request", None),
    ],
)
async def test_a_wrong_body_is_a_400_that_names_the_field(frame: Frame, sent: bytes, code: str, param: str | None) -> None:
    answer = await frame.ask("POST", "tell", content=sent)
    assert code_of(answer)[0] == 400
    assert answer.json()["error"]["code"] in (code, "invalid_json")
    if param is not None:
        assert answer.json()["error"]["param"] == param


async def test_what_is_wrong_is_said_in_the_words_of_json(frame: Frame) -> None:
    answer = await frame.ask("POST", "tell", content=b'{"words":"x","more":1}')
    assert answer.json()["error"]["message"] == "There is no such field here."


async def test_a_wrong_query_is_named_before_the_body_is_read(frame: Frame) -> None:
    answer = await frame.ask("POST", "tell?depth=x", content=b"{")
    assert (code_of(answer), answer.json()["error"]["param"]) == ((400, "invalid_request"), "depth")


async def test_bodies_are_bounded_and_prompts_get_the_bound_of_a_chat(frame: Frame) -> None:
    body = {"words": "x" * BODY_BYTES_MAX}
    assert code_of(await frame.ask("POST", "tell", json=body)) == (413, "body_too_large")
    assert (await frame.ask("POST", "long", json=body)).status_code == 204


async def test_an_endpoint_without_a_body_takes_none(frame: Frame) -> None:
    assert (await frame.ask("POST", "bare")).status_code == 204
    assert (await frame.ask("POST", "bare", content=b"junk")).status_code == 204


async def test_ids_may_contain_slashes_and_versions_come_unquoted(frame: Frame) -> None:
    answer = await frame.ask("GET", "show/a/b%2Fc", headers={"if-match": 'W/"v7"'})
    assert answer.json() == {"saw": ["a/b/c", "v7"]}


async def test_a_store_that_is_away_is_a_503(frame: Frame) -> None:
    answer = await frame.ask("GET", "away")
    assert (code_of(answer), answer.headers["retry-after"]) == ((503, "store_unavailable"), "9")


async def test_a_conflict_is_a_412_for_who_named_a_version_and_else_a_409(frame: Frame) -> None:
    assert code_of(await frame.ask("PUT", "contested")) == (409, "conflict")
    assert code_of(await frame.ask("PUT", "contested", headers={"if-match": '"1"'})) == (412, "precondition_failed")


async def test_a_refusal_is_told_with_its_headers(frame: Frame) -> None:
    answer = await frame.ask("GET", "refuse")
    assert code_of(answer) == (403, "cooling_off")
    assert (answer.headers["retry-after"], answer.headers["x-should-retry"]) == ("61", "false")


async def test_an_answer_may_carry_headers_of_its_own(frame: Frame) -> None:
    answer = await frame.ask("GET", "tagged")
    assert (answer.status_code, answer.headers["etag"], answer.json()) == (202, '"v1"', {"saw": [1]})


async def test_a_handler_that_asks_for_what_its_row_does_not_name_is_a_defect(frame: Frame) -> None:
    assert code_of(await frame.ask("GET", "mistaken")) == (500, "internal_error")


async def test_head_is_answered_like_get(frame: Frame) -> None:
    assert (await frame.ask("HEAD", "tagged")).headers["etag"] == '"v1"'


def test_what_is_no_model_has_no_json() -> None:
    with pytest.raises(TypeError):
        json_response({"a": object()})
