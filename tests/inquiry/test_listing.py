"""Claims about reading whole lists of models: from a simulator in every dialect, and page by page from scripts."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from proxy.domain.dialect import Dialect
from proxy.domain.errors import Fault
from proxy.inquiry import listing
from proxy.inquiry.listing import ModelList, listed
from proxy.simulator.server import MODELS, Options, running
from tests.contracts.raw_provider import plain, raw_provider
from tests.inquiry.house import SPOKEN, catalog_at, rooms_of


@pytest.mark.parametrize("dialect", SPOKEN)
async def test_every_dialects_list_is_read_with_our_key(dialect: Dialect) -> None:
    async with running(Options(key="right")) as url, rooms_of(catalog_at(url, dialect), p="right") as rooms:
        found = await listed(rooms, rooms.catalog.providers["p"])
    assert isinstance(found, ModelList)
    assert [one.name.removeprefix("simco/") for one in found.models] == list(MODELS)
    limits = {(one.context_tokens_max, one.output_tokens_max) for one in found.models}
    assert limits == {(None, None) if dialect == "openai" else (32_000, 4_000)}


@pytest.mark.parametrize("dialect", SPOKEN)
async def test_a_wrong_key_is_a_fault_of_ours(dialect: Dialect) -> None:
    async with running(Options(key="right")) as url, rooms_of(catalog_at(url, dialect), p="wrong") as rooms:
        found = await listed(rooms, rooms.catalog.providers["p"])
    assert isinstance(found, Fault)
    assert found.kind == "our_key"


async def test_without_its_key_a_provider_is_not_asked() -> None:
    async with rooms_of(catalog_at("http://127.0.0.1:9", key_variable="P_KEY")) as rooms:
        assert await listed(rooms, rooms.catalog.providers["p"]) == Fault("our_key")


def page(rows: list[str], **more: Any) -> bytes:
    return plain(orjson.dumps({"data": [{"id": id} for id in rows], **more}))


async def of_script(*pages: bytes) -> tuple[ModelList | Fault, list[str]]:
    async with raw_provider(*((one,) for one in pages)) as provider:
        async with rooms_of(catalog_at(provider.url, "anthropic")) as rooms:
            found = await listed(rooms, rooms.catalog.providers["p"])
        return found, [heard.head.split()[1] for heard in provider.heard]


async def test_pages_are_read_to_the_last() -> None:
    found, asked = await of_script(page(["a", "b"], has_more=True, last_id="b&c"), page(["c", "b"], has_more=False))
    assert isinstance(found, ModelList)
    assert [one.name for one in found.models] == ["a", "b", "c"]
    assert asked == ["/v1/models?limit=1000", "/v1/models?limit=1000&after_id=b%26c"]


async def test_a_list_in_circles_ends_as_a_fault() -> None:
    found, asked = await of_script(*[page(["a"], has_more=True, last_id="a")] * 3)
    assert found == Fault("garbled", status=200)
    assert len(asked) == 2


@pytest.mark.parametrize(("bound", "value"), [("PAGES_MAX", 2), ("MODELS_MAX", 1), ("PAGE_BYTES_MAX", 100)])
async def test_a_list_beyond_its_bounds_is_a_fault(monkeypatch: pytest.MonkeyPatch, bound: str, value: int) -> None:
    monkeypatch.setattr(listing, bound, value)
    pages = [page([f"model-{n}", f"other-{n}", "x" * 100], has_more=True, last_id=f"model-{n}") for n in range(4)]
    found, asked = await of_script(*pages)
    assert found == Fault("garbled", status=200)
    assert len(asked) <= 2


@pytest.mark.parametrize("body", [b"<html>", b'{"data": 1}', b""])
async def test_what_is_no_list_is_a_fault(body: bytes) -> None:
    assert (await of_script(plain(body)))[0] == Fault("garbled", status=200)


async def test_the_key_is_shown_as_the_dialect_shows_it() -> None:
    shown: Mapping[Dialect, str] = {
        "openai": "authorization: bearer k",
        "anthropic": "x-api-key: k",
        "gemini": "x-goog-api-key: k",
    }
    for dialect, line in shown.items():
        async with raw_provider((page([]),)) as provider, rooms_of(catalog_at(provider.url, dialect), p="k") as rooms:
            await listed(rooms, rooms.catalog.providers["p"])
            assert line in provider.heard[0].head
