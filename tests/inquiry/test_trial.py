"""Claims about the one smallest call to a provider: in every dialect, well, and wrong by key, credit, place or row."""

import socket
from dataclasses import replace

import orjson
import pytest

from proxy.domain.call import NOBODY
from proxy.domain.catalog import Timeouts
from proxy.domain.dialect import Dialect
from proxy.domain.money import raw_cost_nano_usd
from proxy.inquiry import words
from proxy.inquiry.trial import Trial, attempted, callable_providers, cheapest, cost_max_nano_usd
from proxy.pipeline import record
from proxy.simulator.server import Options, running
from tests.builders import catalog, model, provider, tiers
from tests.contracts.raw_provider import Act, plain, raw_provider
from tests.inquiry.house import SPOKEN, catalog_at, rooms_of

SECRET = "sk-planted-secret-4711"


async def tried(dialect: Dialect, upstream_name: str, sim_key: str | None = None) -> Trial:
    async with running(Options(pace_tokens_per_s=0, key=sim_key)) as url:
        rows = catalog_at(url, dialect, upstream_name, key_variable="P_KEY")
        async with rooms_of(rows, p=SECRET) as rooms:
            return await attempted(rooms, rooms.catalog.providers["p"])


@pytest.mark.parametrize("dialect", SPOKEN)
async def test_a_provider_that_answers_works_and_its_cost_is_told(dialect: Dialect) -> None:
    trial = await tried(dialect, "sim-small")
    assert trial.works
    attempt, row = trial.attempt, trial.model
    assert attempt is not None
    assert row is not None
    assert attempt.usage is not None
    assert 0 < attempt.raw_nano_usd == raw_cost_nano_usd(row.tiers, attempt.usage) <= cost_max_nano_usd(row)
    assert words.verdict(trial).startswith("p: works. p/m answered in ")
    assert f"for {words.dollars(attempt.raw_nano_usd)}." in words.verdict(trial)


@pytest.mark.parametrize("dialect", SPOKEN)
@pytest.mark.parametrize(
    ("fault", "says", "mends"),
    [
        ("key_invalid", "key wrong", "P_KEY"),
        ("key_revoked", "key wrong", "P_KEY"),
        ("forbidden", "key wrong", "that may use"),
        ("payment_required", "no credit", "Top it up"),
        ("wrong_region", "wrong region", "Call from one"),
        ("model_unknown", "", "upstream_name of p/m"),
        ("key_limited", "busy", "Wait"),
        ("bad_request", "request refused", "p/m"),
        ("server_error", "failing", "later"),
        ("overloaded", "failing", "later"),
        ("reset", "failing", "base_url"),
        ("redirect", "no API there", "base_url"),
        ("bad_gateway_html", "failing", "later"),
    ],
)
async def test_what_is_wrong_is_said_in_words_with_what_mends_it(dialect: Dialect, fault: str, says: str, mends: str) -> None:
    trial = await tried(dialect, f"fault.{fault}")
    line = words.verdict(trial)
    assert not trial.works
    assert line.startswith(f"p: {says}")
    assert mends in line
    assert SECRET not in line


@pytest.mark.parametrize("dialect", ["openai", "openrouter", "anthropic"])
async def test_used_up_credit_is_told_from_a_rate_limit(dialect: Dialect) -> None:
    assert words.verdict(await tried(dialect, "fault.quota_out")).startswith("p: no credit")


async def test_gemini_says_both_in_the_same_words_so_both_are_named() -> None:
    line = words.verdict(await tried("gemini", "fault.quota_out"))
    assert "rate limit or quota" in line
    assert "billing" in line


@pytest.mark.parametrize("dialect", SPOKEN)
async def test_a_wrong_key_is_told_from_a_missing_one(dialect: Dialect) -> None:
    assert "key wrong" in words.verdict(await tried(dialect, "sim-small", sim_key="another"))
    async with rooms_of(catalog_at("http://127.0.0.1:9", dialect, key_variable="P_KEY")) as rooms:
        missing = await attempted(rooms, rooms.catalog.providers["p"])
    assert (missing.attempt, missing.works) == (None, False)
    assert "key missing: P_KEY is not set" in words.verdict(missing)


async def test_a_typing_mistake_in_upstream_name_is_told_with_the_way_to_the_list() -> None:
    line = words.verdict(await tried("openai", "fault.model_unknown"))
    assert "model unknown: it serves no 'fault.model_unknown'" in line
    assert "`signalbox catalog import p`" in line


async def test_a_bare_404_may_be_the_base_url() -> None:
    async with raw_provider((plain(b"nope", status="404 Not Found"),)) as raw, rooms_of(catalog_at(raw.url)) as rooms:
        line = words.verdict(await attempted(rooms, rooms.catalog.providers["p"]))
    assert "base_url" in line
    assert "upstream_name of p/m" in line


async def test_a_closed_port_is_told() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        async with rooms_of(catalog_at(url)) as rooms:
            trial = await attempted(rooms, rooms.catalog.providers["p"])
    assert trial.reach == "refused"
    assert "address cannot be reached: 127.0.0.1 takes no connection" in words.verdict(trial)


async def test_a_private_address_is_refused_and_told() -> None:
    async with raw_provider((plain(b"{}"),)) as raw:
        rows = catalog(provider("p", base_url=raw.url), model("p/m"))
        async with rooms_of(rows, p=SECRET) as rooms:
            trial = await attempted(rooms, rooms.catalog.providers["p"])
        assert raw.heard == []
    assert "private_network = true" in words.verdict(trial)


async def test_a_mute_provider_is_too_slow_within_the_models_own_limit() -> None:
    async with raw_provider((Act.MUTE,)) as raw:
        base = catalog_at(raw.url)
        slow = replace(base.models["p/m"], timeouts=Timeouts(first_byte_ms=100))
        async with rooms_of(replace(base, models={"p/m": slow})) as rooms:
            line = words.verdict(await attempted(rooms, rooms.catalog.providers["p"]))
    assert "too slow: no answer within 0.1 s" in line


async def test_a_late_answer_works_but_is_called_slow() -> None:
    trial = await tried("openai", "sim-small")
    assert trial.attempt is not None
    late = replace(trial.attempt, started_ms=0, ended_ms=words.SLOW_MS)
    assert "works, but it is slow. p/m answered in 10 s" in words.verdict(trial._replace(attempt=late))


async def test_an_answer_without_usage_is_counted_at_its_worst() -> None:
    answer = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}
    async with raw_provider((plain(orjson.dumps(answer)),)) as raw, rooms_of(catalog_at(raw.url)) as rooms:
        trial = await attempted(rooms, rooms.catalog.providers["p"])
    assert trial.attempt is not None
    assert trial.model is not None
    assert trial.attempt.raw_nano_usd == cost_max_nano_usd(trial.model)


async def test_the_call_is_as_small_as_its_row_allows() -> None:
    async with raw_provider((plain(b"{}"),)) as raw:
        base = catalog_at(raw.url)
        thinker = replace(base.models["p/m"], output_tokens_min=1_024)
        for row, tokens in ((base.models["p/m"], 16), (thinker, 1_024)):
            async with rooms_of(replace(base, models={"p/m": row})) as rooms:
                await attempted(rooms, rooms.catalog.providers["p"])
            sent = orjson.loads(raw.heard[-1].body)
            assert sent["max_tokens"] == tokens
            assert sent["messages"] == [{"role": "user", "content": "Hi"}]
            assert not sent.get("stream")


def test_the_cheapest_active_chat_model_is_called() -> None:
    rows = catalog(
        model("p/dear", tiers=tiers(input=10**10)),
        model("p/thinker", tiers=tiers(output=10**9), output_tokens_min=4_096),
        model("p/cheap", tiers=tiers(input=10**8, output=10**8)),
        model("p/cheap-too", tiers=tiers(input=10**8, output=10**8)),
        model("p/asleep", tiers=tiers(input=1, output=1), active=False),
        model("p/vectors", tiers=tiers(input=1, output=1), kind="embedding"),
        model("q/unpriced", tiers=(), active=False),
        model("r/off"),
        provider("r", status="disabled"),
    )
    chosen = cheapest(rows, "p")
    assert chosen is not None
    assert chosen.id == "p/cheap"
    assert cheapest(rows, "q") is None
    assert [one.id for one in callable_providers(rows)] == ["p"]


async def test_a_provider_without_a_model_is_not_tried() -> None:
    rows = catalog(provider("p"), model("q/m"))
    async with rooms_of(rows) as rooms:
        trial = await attempted(rooms, rows.providers["p"])
    assert not trial.works
    assert "no active chat model" in words.verdict(trial)


async def test_a_disabled_provider_that_was_named_is_tried_and_said_to_be_off() -> None:
    async with running(Options(pace_tokens_per_s=0)) as url, rooms_of(catalog_at(url, status="disabled")) as rooms:
        assert "disabled" in words.verdict(await attempted(rooms, rooms.catalog.providers["p"]))


@pytest.mark.parametrize(
    ("upstream_name", "status", "http_status"), [("sim-small", "served", 200), ("fault.reset", "failed", 502)]
)
async def test_its_row_is_typed_and_charged_to_nobody(upstream_name: str, status: str, http_status: int) -> None:
    trial = await tried("openai", upstream_name)
    assert trial.attempt is not None
    call = record.ours("probe", "call_1", "req_1", "rev", trial.attempt)
    assert (call.kind, call.user_id, call.key_id, call.app_id) == ("probe", NOBODY, NOBODY, None)
    assert (call.status, call.http_status, call.credits_milli) == (status, http_status, 0)
    assert call.raw_nano_usd == trial.attempt.raw_nano_usd
    assert not call.attempts[0].charged
