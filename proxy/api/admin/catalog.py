"""The catalog as a whole: its revision and how every admin change stands to the files; reading the files again."""

from typing import Any, Final

from proxy.api.admin.rows import text_mark, without_texts
from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Told
from proxy.domain.desk import PatchState
from proxy.domain.errors import Refusal


class PatchView(Told):
    """One changed field. `state` is plain, shadowed (the file has changed since) or orphaned (its row is gone)."""

    kind: str
    id: str
    field: str
    state: str
    seen: Any
    value: Any
    file: Any
    author: str
    reason: str | None
    at_ms: int

    @classmethod
    def of(cls, found: PatchState) -> "PatchView":
        patch = found.patch
        return cls(
            kind=patch.kind,
            id=patch.object_id,
            field=patch.name,
            state=found.state,
            seen=_shown(patch.name, patch.base),
            value=_shown(patch.name, patch.value),
            file=_shown(patch.name, found.file_value),
            author=patch.author,
            reason=patch.reason,
            at_ms=patch.at_ms,
        )


class CatalogView(Told):
    revision: str
    rules_revision: str
    patches: list[PatchView]


class Reloaded(Told):
    """`changed` is false when the files say what they said before."""

    revision: str
    changed: bool


async def _show(visit: Visit) -> Answer:
    catalog = visit.services.catalog.current()
    patches = [PatchView.of(found) for found in await visit.services.desk.diff()]
    return CatalogView(revision=catalog.revision, rules_revision=catalog.rules.revision, patches=patches)


async def _reload(visit: Visit) -> Answer:
    source = visit.services.catalog
    before = source.current().revision
    why = await source.reload()
    visit.services.recorder.incident("catalog_reload", code="kept" if why else "read", actor=visit.actor)
    if why is not None:
        return Refusal("conflict", f"The files have a mistake, so the old catalog stays in force. {why}")
    revision = source.current().revision
    return Reloaded(revision=revision, changed=revision != before)


def _shown(name: str, value: Any) -> Any:
    """A system prompt, alone or within its row, only as what tells two apart; headers of providers are never patched."""
    if name == "system_prompt" and isinstance(value, str):
        return text_mark(value)
    return without_texts(value) if isinstance(value, dict) else value


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/api/admin/catalog", _show, ADMINS, "Revision, and admin changes beside the files", TAG, answer=CatalogView
    ),
    Endpoint("POST", "/api/admin/catalog/reload", _reload, ADMINS, "Read the catalog's files again", TAG, answer=Reloaded),
)
