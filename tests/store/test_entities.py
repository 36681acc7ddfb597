"""The ten entities of the data model, each with its fields: where every one of them lives and what it is called there."""

import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

import pytest

from proxy.domain.assistant import Assistant
from proxy.domain.call import Call
from proxy.domain.catalog import Model, Provider
from proxy.domain.desk import Conversation, CostRecord, PromptCheck, UsageRecord
from proxy.domain.money import Prices
from proxy.domain.plan import Entitlement, Plan
from proxy.domain.usage import Usage
from proxy.store.migrate import migrate, migrations
from proxy.store.sqlite import WRITING, SqliteConnection

# Entity: its type, then the model's word for each field and ours. A dotted name is a field of a field.
ENTITIES: Final[dict[str, tuple[type[Any], dict[str, str]]]] = {
    "Assistant": (
        Assistant,
        {"id": "id", "name": "name", "family": "family", "default task types": "task_types", "enabled": "enabled"},
    ),
    "Model": (
        Model,
        {
            "id": "id",
            "provider": "provider_id",
            "name": "name",
            "context window": "context_tokens_max",
            "image support": "modalities",
            "input and output cost": "tiers",
            "latency tier": "latency_tier",
        },
    ),
    "ModelProvider": (Provider, {"id": "id", "name": "name", "base URL": "base_url", "status": "status"}),
    "Plan": (
        Plan,
        {
            "id": "id",
            "name": "name",
            "monthly credits": "monthly_milli_credits",
            "allowed models": "models",
            "max context": "context_tokens_max",
        },
    ),
    "UserEntitlement": (
        Entitlement,
        {"id": "id", "user": "user_id", "plan": "plan_id", "overrides": "overrides"},
    ),
    "PromptCheck": (
        PromptCheck,
        {
            "id": "id",
            "conversation": "conversation_id",
            "category": "category",
            "risk": "risk",
            "recommended assistant": "recommended_assistant",
            "created": "created_at_ms",
        },
    ),
    "ModelCall": (
        Call,
        {
            "id": "id",
            "user": "user_id",
            "conversation": "conversation_id",
            "provider": "provider_id",
            "model": "model_id",
            "status": "status",
            "latency": "duration_ms",
            "tokens by class": "usage",
        },
    ),
    "UsageRecord": (
        UsageRecord,
        {
            "id": "id",
            "user": "user_id",
            "type": "type",
            "quantity": "quantity",
            "display units": "display_units",
            "created": "created_at_ms",
        },
    ),
    "CostRecord": (
        CostRecord,
        {
            "id": "id",
            "call": "call_id",
            "raw cost": "raw_cost",
            "display cost": "display_cost",
            "multiplier": "multiplier_ppm",
        },
    ),
    "Conversation": (
        Conversation,
        {"id": "id", "user": "user_id", "assistant": "assistant_id", "title": "title", "created": "created_at_ms"},
    ),
}

# Those that the database keeps, with the columns their fields stand in; the others are rows of the catalog.
TABLES: Final[dict[str, tuple[str, set[str]]]] = {
    "UserEntitlement": ("entitlements", {"id", "user_id", "plan_id", "overrides"}),
    "PromptCheck": (
        "prompt_checks",
        {"id", "conversation_id", "category", "risk", "recommended_assistant", "created_at_ms"},
    ),
    "ModelCall": (
        "model_calls",
        {"id", "user_id", "conversation_id", "provider_id", "model_id", "status", "duration_ms"}
        | {"input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "images"},
    ),
    "UsageRecord": ("usage_records", {"id", "user_id", "type", "quantity", "display_units", "created_at_ms"}),
    "CostRecord": ("cost_records", {"id", "call_id", "raw_cost", "display_cost", "multiplier_ppm"}),
    "Conversation": ("conversations", {"id", "user_id", "assistant_id", "title", "created_at_ms"}),
}


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None, factory=SqliteConnection)
    migrate(connection, WRITING, migrations())
    yield connection
    connection.close()


def test_there_are_ten() -> None:
    assert len(ENTITIES) == 10


@pytest.mark.parametrize("name", ENTITIES)
def test_an_entity_has_each_of_its_fields(name: str) -> None:
    kind, named = ENTITIES[name]
    held = {field.name for field in fields(kind)} | {attribute for attribute in dir(kind) if attribute[0] != "_"}
    assert set(named.values()) <= held


@pytest.mark.parametrize("name", TABLES)
def test_an_entity_that_is_kept_has_a_column_for_each_field(schema: sqlite3.Connection, name: str) -> None:
    table, columns = TABLES[name]
    held = {row[1] for row in schema.execute(f"PRAGMA table_info({table})")}
    assert columns <= held


def test_costs_and_tokens_are_kept_by_class() -> None:
    assert {"input", "cached_input", "cache_write", "output", "reasoning", "image", "request"} <= {
        field.name for field in fields(Prices)
    }
    assert {"input", "cached_input", "cache_write", "output", "reasoning", "images"} <= {field.name for field in fields(Usage)}
