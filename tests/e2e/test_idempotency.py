"""What an official client's callers see when they send a request again under its `Idempotency-Key`: one call, one charge."""

import threading

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionUserMessageParam

from tests.e2e.conftest import HouseMaker, Keys
from tests.e2e.harness import WAIT_S, House, Simulator, wrong_in_books

HELLO: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "hello"}]


def ask(client: OpenAI, key: str, model: str = "sim/words", **headers: str) -> ChatCompletion:
    return client.chat.completions.create(model=model, messages=HELLO, extra_headers={"Idempotency-Key": key, **headers})


def heard(client: OpenAI, key: str, model: str) -> list[str]:
    """Every chunk of a stream, as JSON."""
    chunks = client.chat.completions.create(model=model, messages=HELLO, stream=True, extra_headers={"Idempotency-Key": key})
    return [chunk.model_dump_json() for chunk in chunks]


def client_of(house: House, key: str, max_retries: int = 0) -> OpenAI:
    return OpenAI(base_url=f"{house.url}/v1", api_key=key, max_retries=max_retries, timeout=WAIT_S)


def charged(house: House, call_id: str) -> list[int]:
    return [row[0] for row in house.rows("SELECT display_units FROM usage_records WHERE call_id = ?", call_id)]


def test_a_whole_answer_comes_again_and_is_charged_once(client: OpenAI, house: House, sim: Simulator) -> None:
    sim.forget()
    first, again = ask(client, "whole-1"), ask(client, "whole-1")
    assert first == again
    assert len(sim.calls()) == 1
    assert len(charged(house, first.id)) == 1


def test_a_stream_comes_again_chunk_by_chunk(client: OpenAI, sim: Simulator) -> None:
    sim.forget()
    first = heard(client, "stream-1", "sim/words")
    assert len(first) > 10
    assert heard(client, "stream-1", "sim/words") == first
    assert len(sim.calls()) == 1


def test_a_client_that_retries_by_itself_gets_the_answer_of_the_first_try(house: House, keys: Keys, sim: Simulator) -> None:
    sim.forget()
    answers: list[list[str]] = []

    def once() -> None:
        with client_of(house, keys.user, max_retries=10) as client:
            answers.append(heard(client, "twice-1", "sim/steady"))

    threads = [threading.Thread(target=once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    first, second = answers
    assert first == second
    assert len(sim.calls()) == 1


def test_another_tenants_key_is_another_key(house: House, keys: Keys) -> None:
    with client_of(house, keys.user) as ursula, client_of(house, keys.other) as otto, client_of(house, keys.app) as shop:
        mine, his = ask(ursula, "shared-1"), ask(otto, "shared-1")
        ann, bob = (ask(shop, "shared-1", **{"X-Signalbox-User": name}) for name in ("ann", "bob"))
        assert len({mine.id, his.id, ann.id, bob.id}) == 4
        assert ask(shop, "shared-1", **{"X-Signalbox-User": "ann"}) == ann


def test_a_failed_call_may_be_tried_again_under_its_key(client: OpenAI, sim: Simulator) -> None:
    sim.forget()
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            ask(client, "failed-1", "sim/broken")
    assert len(sim.calls()) >= 2


def test_after_a_restart_the_key_still_stands_for_its_call_but_the_answer_is_gone(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    house = own_house(sim, spare)
    house.start()
    key = house.key("user", "ursula", "plus")
    with client_of(house, key) as client:
        first = ask(client, "restart-1")
    house.gateway.kill()
    house.start()
    with client_of(house, key) as client, pytest.raises(openai.ConflictError) as refused:
        ask(client, "restart-1")
    assert refused.value.code == "answer_gone"
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["call"] == first.id
    assert len(charged(house, first.id)) == 1
    assert wrong_in_books(house.database) == []


def test_where_answers_are_not_kept_a_repeated_request_names_its_call(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    house = own_house(sim, spare, kept_answers_s="0")
    house.start()
    with client_of(house, house.key("user", "ursula", "plus"), max_retries=5) as client:
        first = ask(client, "off-1")
        with pytest.raises(openai.ConflictError) as refused:
            ask(client, "off-1")
    assert refused.value.code == "answer_gone"
    assert first.id in refused.value.response.text
