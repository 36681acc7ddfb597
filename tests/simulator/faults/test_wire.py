"""Claims about each fault as its caller meets it: what its sentence says is what stands on the wire."""

import gzip
import zlib
from typing import Final

import orjson
import pytest

from proxy.simulator.faults import FAULTS
from proxy.simulator.faults.listing import modes
from tests.simulator.faults.claims import (
    FIRST_FIVE,
    TOLD,
    Claim,
    after_all,
    after_five,
    begins,
    body,
    calls,
    choice,
    counts,
    error,
    everywhere,
    finish,
    framed,
    half,
    last_event,
    page,
    spoken,
    told,
    unpacked,
    usage,
    value_events,
)
from tests.simulator.speak import MODEL, WORDS, call_bytes, got

_HURRIED: Final = {
    "drip": "drip gap_ms=1",
    "first_token_late": "first_token_late after_ms=1",
    "gzip_bomb": "gzip_bomb mebibytes=3",
}


STATUS: Final[dict[str, Claim]] = {
    "status": error(500, "server_error"),
    "bad_request": error(400, "invalid_value"),
    "context_length": error(400, "context_length_exceeded"),
    "content_refused": error(400, "content_filter"),
    "too_large": error(413, "request_too_large"),
    "unprocessable": error(422),
    "key_invalid": error(401, "invalid_api_key"),
    "key_revoked": error(401, "account_deactivated"),
    "payment_required": error(402, "insufficient_quota"),
    "quota_out": error(429, "insufficient_quota"),
    "wrong_region": error(403, "unsupported_country_region_territory"),
    "forbidden": error(403, "permission_denied"),
    "model_unknown": error(404, "model_not_found"),
    "timeout": error(408),
    "conflict": error(409),
    "key_limited": error(429, "rate_limit_exceeded"),
    "all_limited": error(429, "engine_busy"),
    "retry_after_seconds": error(429, "rate_limit_exceeded", retry_after="1"),
    "retry_after_ms": error(429, "rate_limit_exceeded", retry_after_ms="250"),
    "retry_after_date": error(429, "rate_limit_exceeded", retry_after="Fri, 01 Jan 2100 00:00:00 GMT"),
    "retry_after_past": error(429, "rate_limit_exceeded", retry_after="Mon, 01 Jan 2001 00:00:00 GMT"),
    "retry_after_year": error(429, "rate_limit_exceeded", retry_after="31536000"),
    "retry_after_junk": error(429, "rate_limit_exceeded", retry_after="soon, perhaps"),
    "retry_after_negative": error(429, "rate_limit_exceeded", retry_after="-5"),
    "retry_after_fraction": error(429, "rate_limit_exceeded", retry_after="0.5"),
    "server_error": error(500, "server_error"),
    "bad_gateway": error(502),
    "unavailable": error(503),
    "gateway_timeout": error(504),
    "overloaded": error(529),
    "unavailable_later": error(503, retry_after="60"),
    "server_error_html": page(500),
    "server_error_text": body(500, b"upstream connect error\n"),
    "server_error_nothing": body(500, b""),
    "server_error_half": body(500, b'{"error": {"message": "The serv'),
    "server_error_string": body(500, b'{"error": "overloaded"}'),
    "server_error_list": lambda it: it.status == 500 and it.json[0]["error"]["code"] == 500,
    "bad_gateway_html": page(502),
    "gateway_timeout_html": page(504),
    "forbidden_html": page(403),
    "edge_error_html": page(520),
    "redirect": lambda it: it.status == 302 and "elsewhere" in it.headers["location"],
    "redirect_307": lambda it: it.status == 307 and "elsewhere" in it.headers["location"],
    "not_modified": begins(b"HTTP/1.1 304 "),
    "no_content": begins(b"HTTP/1.1 204 "),
    "switching": begins(b"HTTP/1.1 101 "),
    "not_http": begins(b"\x16\x03\x01"),
    "status_absurd": begins(b"HTTP/1.1 999 "),
    "head_cut": lambda it: it.raw.endswith(b"\r\ncontent-type: appli") and it.end == "closed",
    "head_huge": lambda it: len(it.headers["x-padding"]) == 1_048_576,
    "two_lengths": lambda it: it.head.count(b"content-length:") == 2,
    "error_in_200": error(200, "server_error"),
    "html_200": lambda it: it.status == 200 and b"<h1>" in it.body,
    "empty_200": body(200, b""),
    "null_200": body(200, b"null"),
    "list_200": body(200, b"[]"),
    "object_200": body(200, b"{}"),
    "text_200": body(200, b"OK\n"),
    "mute": lambda it: (it.raw, it.end) == (b"", "silent"),
    "reset": lambda it: (it.raw, it.end) == (b"", "reset"),
    "closed": lambda it: (it.raw, it.end) == (b"", "closed"),
    "mute_after_headers": lambda it: (it.status, it.body, it.end) == (200, b"", "silent"),
    "reset_after_headers": lambda it: (it.status, it.body, it.end) == (200, b"", "reset"),
    "closed_after_headers": lambda it: (it.status, it.body, it.end, it.ended_properly) == (200, b"", "closed", False),
}
WHOLE: Final[dict[str, Claim]] = {
    "stall": lambda it: half(it) and it.end == "silent",
    "reset_mid_stream": lambda it: half(it) and it.end == "reset",
    "cut": lambda it: half(it) and it.end == "closed" and it.ended_properly,
    "hang_up_mid_stream": lambda it: half(it) and it.end == "closed" and not it.ended_properly,
    "error_event": error(200, "server_error"),
    "error_overloaded": error(200),
    "half_json": lambda it: half(it) and it.ended_properly,
    "two_json": lambda it: it.body[: len(it.body) // 2] == it.body[len(it.body) // 2 :],
    "nan": framed(b'{"score":NaN,"id"'),
    "deep_json": framed(b"[" * 10_000 + b"]" * 10_000),
    "lone_surrogate": framed(b'{"note":"\\ud800","id"'),
    "not_utf8": framed(b'{"note":"\xff","id"'),
    "body_short": lambda it: int(it.headers["content-length"]) == len(it.body) + 100 and it.end == "closed",
    "body_long": lambda it: int(it.headers["content-length"]) == len(it.body) // 2,
    "gzip_cut": lambda it: not zlib.decompressobj(wbits=31).decompress(it.body).endswith(b"}"),
    "gzip": lambda it: orjson.loads(gzip.decompress(it.body))["choices"][0]["message"]["content"] == TOLD,
    "gzip_bomb": lambda it: len(it.body) < 9_000 and len(gzip.decompress(it.body)) > 3_000_000 and b"choices" in unpacked(it),
    "stream_for_json": told(lambda it: "event-stream" in it.headers["content-type"]),
    "bom": lambda it: it.body.startswith(b"\xef\xbb\xbf{"),
    "drip": lambda it: it.json["choices"][0]["message"]["content"] == TOLD,
    "first_token_late": lambda it: it.json["choices"][0]["message"]["content"] == TOLD,
    "dead_next": lambda it: it.json["choices"][0]["message"]["content"] == TOLD,
    "silent_close": lambda it: it.json["choices"][0]["message"]["content"] == TOLD,
    "created_201": lambda it: it.status == 201 and "choices" in it.json,
    "wrong_type": lambda it: it.headers["content-type"].startswith("text/plain") and "choices" in it.json,
    "no_type": lambda it: "content-type" not in it.headers and "choices" in it.json,
    "gzip_false": lambda it: it.headers["content-encoding"] == "gzip" and "choices" in it.json,
    "encoding_unknown": lambda it: it.headers["content-encoding"] == "sim" and "choices" in it.json,
    "content_list": spoken(lambda said: said["content"] == [{"type": "text", "text": TOLD}]),
    "fields_unknown": lambda it: "x_extra" in it.json and "x_extra" in it.json["choices"][0]["message"],
    "empty": spoken(lambda said: said["content"] == ""),
    "only_spaces": spoken(lambda said: said["content"] and not said["content"].strip()),
    "only_thoughts": spoken(lambda said: said["content"] == "" and said["reasoning_content"]),
    "filtered": lambda it: (
        finish("content_filter")(it) and spoken(lambda said: said["content"] == FIRST_FIVE[: len(said["content"])])(it)
    ),
    "refusal": spoken(lambda said: said["content"] is None and said["refusal"].startswith("I cannot")),
    "choices_extra": lambda it: [one["index"] for one in it.json["choices"]] == [0, 1],
    "choice_null": lambda it: it.json["choices"] == [None],
    "tool_arguments_object": calls(lambda call: call["function"]["arguments"] == {"city": "Paris"}),
}
STREAM: Final[dict[str, Claim]] = {
    "stall": after_five("silent"),
    "reset_mid_stream": after_five("reset"),
    "cut": after_five("closed", proper=True),
    "hang_up_mid_stream": after_five("closed"),
    "cut_in_event": lambda it: after_five("closed", proper=True)(it) and not it.body.endswith(b"\n"),
    "cut_in_utf8": lambda it: after_five("closed", proper=True)(it) and it.body.endswith("€".encode()[:2]),
    "cut_in_json": lambda it: after_five("closed", proper=True)(it) and it.body.endswith(b"\n\n") and it.data[-1][-1:] != b"}",
    "stall_before_end": after_all("silent"),
    "cut_before_end": after_all("closed", proper=True),
    "reset_before_end": after_all("reset"),
    "open_end": lambda it: it.said == TOLD and it.body.endswith(b"[DONE]\n\n") and it.end == "silent",
    "drip": told(lambda it: {len(chunk) for chunk in it.chunks} == {1}),
    "first_token_late": told(lambda it: it.ended_properly),
    "dead_next": told(lambda it: it.ended_properly),
    "silent_close": told(lambda it: it.ended_properly),
    "error_first": lambda it: len(it.data) == 1 and it.events[0]["error"]["code"] == "server_error",
    "error_event": last_event(lambda data: orjson.loads(data)["error"]["code"] == "server_error"),
    "error_overloaded": last_event(lambda data: orjson.loads(data)["error"]["type"] == "overloaded_error"),
    "error_string": last_event(lambda data: isinstance(orjson.loads(data)["error"], str)),
    "error_text": last_event(lambda data: data.startswith(b"error: ")),
    "error_done": last_event(lambda data: data == b"[DONE]"),
    "error_choice": lambda it: (
        it.said == FIRST_FIVE and it.events[-1]["choices"][0]["finish_reason"] == "error" and it.data[-1] == b"[DONE]"
    ),
    "garbled_event": told(lambda it: sum(data.endswith(b"choi") for data in it.data) == 1),
    "no_done": told(lambda it: b"[DONE]" not in it.body and b'"stop"' in it.body),
    "no_finish": told(lambda it: b"[DONE]" in it.body and b'"stop"' not in it.body),
    "word_after_end": lambda it: (
        it.data[-2] == b"[DONE]" and it.events[-1]["choices"][0]["delta"]["content"] == TOLD.split()[0]
    ),
    "content_after_finish": told(
        lambda it: value_events(it) > 0 and it.events[-2]["choices"][0]["delta"].get("content") == " " + TOLD.split()[-1]
    ),
    "finish_with_content": told(
        lambda it: it.events[-2]["choices"][0]["delta"] and it.events[-2]["choices"][0]["finish_reason"] == "stop"
    ),
    "finish_repeated": told(lambda it: it.body.count(b'"finish_reason":"stop"') == 2),
    "end_repeated": told(lambda it: it.body.count(b"[DONE]") == 2),
    "start_repeated": told(lambda it: it.body.count(b'"role"') == 2),
    "start_missing": told(lambda it: b'"role"' not in it.body),
    "deltas_doubled": lambda it: it.said.startswith(TOLD.split()[0] * 2),
    "empty_deltas": told(lambda it: sum(delta.get("content") == "" for delta in it.deltas) == 10_001),
    "nothings": told(lambda it: {b"null", b"{}", b"[]", b""} <= set(it.data)),
    "filter_first": told(lambda it: it.events[0]["choices"] == [] and "prompt_filter_results" in it.events[0]),
    "comments": told(lambda it: it.body.count(b": still here\n\n") == len(it.data)),
    "comments_only": lambda it: it.data == [] and it.body.count(b"\n\n") == 5 and it.ended_properly,
    "murmur": lambda it: it.said == FIRST_FIVE and it.body.endswith(b": still here\n\n") and it.end == "silent",
    "murmur_first": lambda it: (it.body, it.end) == (b": still here\n\n", "silent"),
    "json_for_stream": lambda it: (
        it.headers["content-type"] == "application/json" and it.json["choices"][0]["message"]["content"] == TOLD
    ),
    "crlf": lambda it: it.body.endswith(b"data: [DONE]\r\n\r\n") and b"\n" not in it.body.replace(b"\r\n", b""),
    "cr": lambda it: it.body.endswith(b"data: [DONE]\r\r") and b"\n" not in it.body,
    "mixed_ends": lambda it: all(mark in it.body for mark in (b"}\n\n", b"}\r\n\r\n", b"}\r\r")),
    "no_space": lambda it: b"data: " not in it.body and it.body.endswith(b"data:[DONE]\n\n"),
    "two_spaces": lambda it: it.body.endswith(b"data:  [DONE]\n\n"),
    "many_lines": lambda it: b"data: {\ndata:   " in it.body and it.body.endswith(b"data: [DONE]\n\n"),
    "with_fields": told(lambda it: it.body.count(b"id: 17\nretry: 3000\nevent: message\ndata: ") == len(it.data)),
    "misnamed": told(lambda it: it.body.count(b"event: message\n") == len(it.data)),
    "unknown_field": told(framed(b"trace: 4711\ndata: ")),
    "blank_lines": told(framed(b"}\n\n\n\n\ndata: ")),
    "end_without_blank": told(lambda it: it.body.endswith(b"\n\ndata: [DONE]\n")),
    "quoted_end": told(lambda it: it.data[-1] == b'"[DONE]"'),
    "spaced_end": told(lambda it: it.data[-1] == b" [DONE] "),
    "json_lines": lambda it: b"data:" not in it.body and TOLD.split()[0].encode() in it.body,
    "long_line": told(lambda it: max(map(len, it.data)) > 2_097_152),
    "long_field": told(lambda it: max(map(len, it.data)) > 2_097_152 and b"padding" in it.body),
    "trailers": told(lambda it: it.raw.endswith(b"0\r\nx-provider-cost: 0.000123\r\nserver-timing: total;dur=17\r\n\r\n")),
    "bad_chunk": told(lambda it: it.raw.endswith(b"\r\nzz\r\n")),
    "split_bytes": told(lambda it: {len(chunk) for chunk in it.chunks} == {1}),
    "split_astride": told(lambda it: not any(chunk.endswith(b"\n\n") for chunk in it.chunks[:-1])),
    "blocks": lambda it: (
        [chunk.count(b"data: ") for chunk in it.chunks][:-1] == [20] * (len(it.chunks) - 1) and len(it.chunks) > 3
    ),
    "gzip": lambda it: b"[DONE]" in unpacked(it) and b"\n" not in it.body[-3:],
    "gzip_bomb": lambda it: len(it.body) < 9_000 and len(unpacked(it)) > 3_000_000 and unpacked(it).endswith(b"[DONE]\n\n"),
    "bom": told(lambda it: it.body.startswith(b"\xef\xbb\xbfdata: ")),
    "created_201": told(lambda it: it.status == 201),
    "wrong_type": told(lambda it: it.headers["content-type"].startswith("text/plain")),
    "no_type": told(lambda it: "content-type" not in it.headers),
    "gzip_false": told(lambda it: it.headers["content-encoding"] == "gzip"),
    "encoding_unknown": told(lambda it: it.headers["content-encoding"] == "sim"),
    "ids_change": told(lambda it: len({event["id"] for event in it.events}) == len(it.events)),
    "content_list": lambda it: it.deltas[1]["content"] == [{"type": "text", "text": TOLD.split()[0]}],
    "content_null": told(lambda it: it.deltas[0]["content"] is None),
    "role_everywhere": told(spoken(lambda said: said["role"] == "assistant")),
    "fields_unknown": told(everywhere(lambda value: "x_extra" in value)),
    "choices_extra": told(lambda it: [one["index"] for one in it.events[1]["choices"]] == [0, 1]),
    "choice_null": lambda it: it.events[1]["choices"] == [None],
    "usage_repeated": told(lambda it: sum(bool(event.get("usage")) for event in it.events) == 2),
    "usage_cumulative": told(
        lambda it: [e["usage"]["completion_tokens"] for e in it.events if e.get("usage")] == [*range(1, WORDS + 1), WORDS]
    ),
    "usage_on_finish": told(
        lambda it: (
            it.events[-1]["usage"]["completion_tokens"] == WORDS and it.events[-1]["choices"][0]["finish_reason"] == "stop"
        )
    ),
    "usage_in_every_chunk": told(everywhere(lambda value: value["usage"]["total_tokens"] == 8)),
    "empty": lambda it: it.said == "" and it.data[-1] == b"[DONE]",
    "only_spaces": lambda it: bool(it.said) and not it.said.strip(),
    "only_thoughts": lambda it: it.said == "" and any(delta.get("reasoning_content") for delta in it.deltas),
    "filtered": lambda it: (
        TOLD.startswith(it.said)
        and 0 < len(it.said) < len(TOLD)
        and it.events[-2]["choices"][0]["finish_reason"] == "content_filter"
    ),
    "refusal": lambda it: "".join(delta.get("refusal") or "" for delta in it.deltas) == "I cannot help with that.",
    "tool_index_missing": calls(lambda call: "index" not in call),
    "tool_call_in_one": calls(lambda call: call["function"] == {"name": "get_weather", "arguments": {"city": "Paris"}}),
}
# The same whole and streamed.
BOTH: Final[dict[str, Claim]] = {
    "choices_missing": everywhere(lambda value: "choices" not in value),
    "choices_null": everywhere(lambda value: value["choices"] is None),
    "choices_empty": everywhere(lambda value: value["choices"] == []),
    "index_missing": choice(lambda one: "index" not in one),
    "id_missing": everywhere(lambda value: "id" not in value),
    "id_null": everywhere(lambda value: value["id"] is None),
    "id_number": everywhere(lambda value: value["id"] == 17),
    "model_missing": everywhere(lambda value: "model" not in value),
    "model_wrong": everywhere(lambda value: value["model"] not in ("", MODEL)),
    "object_missing": everywhere(lambda value: "object" not in value),
    "created_missing": everywhere(lambda value: "created" not in value),
    "created_float": everywhere(lambda value: value["created"] == 1_700_000_000.25),
    "created_text": everywhere(lambda value: isinstance(value["created"], str)),
    "created_null": everywhere(lambda value: value["created"] is None),
    "role_missing": spoken(lambda said: "role" not in said),
    "role_odd": lambda it: b'"role":"bot"' in it.body and b"assistant" not in it.body,
    "message_missing": choice(lambda one: not {"message", "delta"} & one.keys()),
    "message_null": choice(lambda one: one.get("message", one.get("delta")) is None),
    "logprobs_missing": choice(lambda one: "logprobs" not in one),
    "finish_missing": choice(lambda one: "finish_reason" not in one),
    "finish_null": choice(lambda one: one["finish_reason"] is None),
    "finish_empty": finish(""),
    "finish_odd": finish("eos"),
    "finish_capitals": finish("STOP"),
    "finish_number": finish(0),
    "finish_error": finish("error"),
    "finish_stop_with_tools": lambda it: finish("stop")(it) and b"get_weather" in it.body,
    "tool_id_missing": calls(lambda call: "id" not in call),
    "tool_id_empty": lambda it: b'"id":""' in it.body and b"get_weather" in it.body,
    "tool_id_again": calls(lambda call: call["id"] == "call_again"),
    "tool_type_missing": calls(lambda call: "type" not in call),
    "tool_arguments_broken": calls(lambda call: call["function"]["arguments"] == '{"city": "Pa'),
    "tool_name_missing": calls(lambda call: "name" not in call["function"]),
    "usage_missing": usage(lambda found: found == []),
    "usage_null": usage(lambda found: found == [None]),
    "usage_empty": usage(lambda found: found == [{}]),
    "usage_list": usage(lambda found: found == [[]]),
    "usage_word": usage(lambda found: found == ["unknown"]),
    "usage_negative": counts(lambda count: count < 0),
    "usage_text": counts(lambda count: isinstance(count, str) and count.isdigit()),
    "usage_words": counts(lambda count: count == "many"),
    "usage_float": counts(lambda count: count % 1 == 0.5),
    "usage_nulls": counts(lambda count: count is None),
    "usage_zero": counts(lambda count: count == 0),
    "usage_absurd": counts(lambda count: count == 10**15),
    "usage_beyond_64_bits": counts(lambda count: count == 1e30),
    "bills_50_times": usage(lambda found: found[0]["completion_tokens"] == 50 * WORDS),
    "usage_total_missing": usage(lambda found: "total_tokens" not in found[0] and "prompt_tokens" in found[0]),
}


def claim_of(name: str, mode: str) -> Claim:
    """What must be so."""
    own = WHOLE if mode == "whole" else STREAM
    return own.get(name) or BOTH.get(name) or STATUS[name]


SPOKEN_BY_OPENAI: Final = [
    (name, mode) for name, row in FAULTS.items() if "openai" in row.dialects and not row.door for mode in modes(row)
]


@pytest.mark.parametrize(("name", "mode"), SPOKEN_BY_OPENAI)
async def test_a_fault_does_on_the_wire_what_its_sentence_says(url: str, name: str, mode: str) -> None:
    tools = FAULTS[name].needs == "tools"
    model = "sim-small" if tools else "sim--tale=90" if name == "blocks" else MODEL
    asked = _HURRIED.get(name, name)
    it = await got(url, call_bytes("openai", mode == "stream", model=model, tools=tools, x_simulator_fault=asked))
    assert claim_of(name, mode)(it), it.raw[-2_000:]
