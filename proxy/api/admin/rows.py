"""Catalog rows as admins read them: desk objects in, JSON out; a row's own page shows all but header values, lists and logs no
system prompt either."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ConfigDict

from proxy.api.admin.visiting import bare
from proxy.api.schemas import Told
from proxy.ports import CatalogObject


class RowView(Told):
    """One row: its fields with every admin change, `file` what the operator's files say (null when an admin made it)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    etag: str
    file: dict[str, Any] | None


class RowList(Told):
    data: list[RowView]


def whole(row: CatalogObject) -> RowView:
    """A row on its own page, where whoever may change a system prompt reads it."""
    return _shown(row, without_headers)


def listed(row: CatalogObject) -> RowView:
    return _shown(row, without_texts)


def without_headers(row: Mapping[str, Any]) -> dict[str, Any]:
    """Of headers only the names: an operator may have put a secret into one."""
    headers = row.get("headers")
    return {**row, "headers": sorted(headers)} if isinstance(headers, Mapping) else dict(row)


def without_texts(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same for lists and logs, and of a system prompt only what tells two apart."""
    prompt = row.get("system_prompt")
    shown = without_headers(row)
    return {**shown, "system_prompt": text_mark(prompt)} if isinstance(prompt, str) else shown


def text_mark(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"({len(text)} characters, sha256 {digest})"


def _shown(row: CatalogObject, shown: Callable[[Mapping[str, Any]], dict[str, Any]]) -> RowView:
    file = None if row.file_value is None else shown(row.file_value)
    return RowView.model_validate({**shown(row.value), "id": row.id, "etag": bare(row.etag), "file": file})
