"""Claims about OpenRouter's dialect: what is other than OpenAI's, without a socket."""

from proxy.simulator.answers import Answer, Usage
from proxy.simulator.dialects import openrouter
from proxy.simulator.dialects.dialect import Completion
from proxy.simulator.prompt import Prompt, Turn


def completion(answer: Answer) -> Completion:
    return Completion("1", 1_700_000_000, Prompt("sim", (Turn("user", "hi"),)), (answer,), Usage(10, 2, 5, 1))


def test_a_whole_answer_names_its_provider_its_cost_and_its_native_reason() -> None:
    value = openrouter.whole(completion(Answer(reasoning=("Hm",), content=("a",))))
    assert value["id"] == "gen-1"
    assert value["provider"] == "SimCo"
    assert value["usage"]["cost"] > 0
    (choice,) = value["choices"]
    assert choice["native_finish_reason"] == "stop"
    assert (choice["message"]["reasoning"], choice["message"]["reasoning_details"][0]["text"]) == ("Hm", "Hm")


def test_a_stream_comments_first_and_counts_at_last_unasked() -> None:
    events = list(openrouter.events(completion(Answer(content=("a", "b")))))
    assert [event.mark for event in events] == ["comment", "comment", "start", "delta", "delta", "finish", "usage", "end"]
    values = [event.value for event in events if isinstance(event.value, dict)]
    assert all(value["choices"][0]["delta"]["role"] == "assistant" for value in values)
    assert values[-1]["usage"]["total_tokens"] == 15
    assert all("usage" not in value for value in values[1:-1])


def test_errors_have_their_status_as_code_and_the_models_provider_in_the_metadata() -> None:
    limited = openrouter.error(openrouter.refused("all_limited"))
    assert limited["error"]["code"] == 429
    assert limited["error"]["metadata"]["provider_name"] == "SimCo"
    flagged = openrouter.error(openrouter.refused("content_refused"))["error"]
    assert (flagged["code"], "reasons" in flagged["metadata"]) == (403, True)


def test_an_error_in_a_stream_is_a_chunk_whose_choice_failed() -> None:
    value = openrouter.error_event(openrouter.refused("server_error")).value
    assert isinstance(value, dict)
    assert value["choices"][0]["finish_reason"] == "error"
    assert value["error"]["code"] == 500


def test_the_list_of_models_says_what_they_cost_and_can_do() -> None:
    row = openrouter.models(("sim-vision",))["data"][0]
    assert row["id"] == "simco/sim-vision"
    assert row["pricing"]["prompt"] == "0.000001"
    assert row["architecture"]["input_modalities"] == ["text", "image"]
