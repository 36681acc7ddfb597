"""The catalog as a whole: its revision and how every admin change stands to the files; what the files, or
rows that somebody proposes, would change; reading the files again."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field
from starlette.responses import Response

from proxy.api.admin.rows import text_mark, without_texts
from proxy.api.admin.schemas import Body, Reason, Reasoned
from proxy.api.admin.visiting import ADMINS, TAG, change_of
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Told
from proxy.domain.desk import CatalogKind, CatalogOutlook, Change, PatchState, RowDifference
from proxy.domain.errors import Refusal

PROPOSAL_CHARS_MAX: Final = 200_000


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


class CeilingPlaced(Told):
    """The most raw cost in one UTC day, and the file that says so; no address changes it."""

    scope: str
    dollars_per_day: str
    file: str


class CatalogView(Told):
    revision: str
    rules_revision: str
    patches: list[PatchView]
    ceilings: list[CeilingPlaced]


class Reloaded(Told):
    """`changed` is false when the files say what they said before."""

    revision: str
    changed: bool


class DifferenceView(Told):
    """What would become of one row: made (no `before`), dropped (no `after`) or changed. The fields that differ alone."""

    kind: str
    id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, found: RowDifference) -> "DifferenceView":
        sides = [None if side is None else _row_shown(side) for side in (found.before, found.after)]
        return cls(kind=found.kind, id=found.object_id, before=sides[0], after=sides[1])


class MistakeView(Told):
    """What stands in the way: the file (or `proposal`, or `admin change`), the key, and what would be right."""

    file: str
    key: str
    message: str


class OutlookView(Told):
    """With `mistakes` nothing would go into force, and what would change is not known. Of precheck rules and ceilings it is
    only said whether they differ."""

    revision: str | None
    changes: list[DifferenceView]
    mistakes: list[MistakeView]
    rules_differ: bool
    ceilings_differ: bool

    @classmethod
    def of(cls, found: CatalogOutlook) -> "OutlookView":
        return cls(
            revision=found.revision,
            changes=[DifferenceView.of(difference) for difference in found.differences],
            mistakes=[MistakeView(file=one.file, key=one.key, message=one.message) for one in found.mistakes],
            rules_differ=found.rules_differ,
            ceilings_differ=found.ceilings_differ,
        )


class Proposal(Body):
    """Rows as they would stand in a file, in TOML; `signalbox catalog import` writes such."""

    toml: Annotated[str, Field(min_length=1, max_length=PROPOSAL_CHARS_MAX)]


class Reloading(Body):
    """Nothing of the catalog is said here, so the reason may be left out."""

    reason: Reason | None = None


class Restoring(Reasoned):
    """A row of the files that an admin deleted."""

    kind: CatalogKind
    id: Annotated[str, Field(min_length=1, max_length=200)]


async def _foresee(visit: Visit) -> Answer:
    return OutlookView.of(await visit.services.desk.outlook())


async def _compare(visit: Visit) -> Answer:
    return OutlookView.of(await visit.services.desk.outlook(visit.body_as(Proposal).toml))


async def _show(visit: Visit) -> Answer:
    catalog = visit.services.catalog.current()
    desk = visit.services.desk
    return CatalogView(
        revision=catalog.revision,
        rules_revision=catalog.rules.revision,
        patches=[PatchView.of(found) for found in await desk.diff()],
        ceilings=[CeilingPlaced(scope=c.scope, dollars_per_day=c.dollars_per_day, file=c.file) for c in desk.ceilings()],
    )


async def _restore(visit: Visit) -> Answer:
    body = visit.body_as(Restoring)
    try:
        await visit.services.desk.restore(body.kind, body.id, change_of(visit, body))
    except ValueError as error:
        return Refusal("conflict", f"It cannot be taken back. {error}", param="id")
    return Response(status_code=204)


async def _reload(visit: Visit) -> Answer:
    source = visit.services.catalog
    before = source.current().revision
    why = await visit.services.desk.reload(Change(visit.actor, visit.body_as(Reloading).reason))
    visit.services.recorder.incident("catalog_reload", code="kept" if why else "read", actor=visit.actor)
    if why is not None:
        return Refusal("conflict", f"The files have a mistake, so the old catalog stays in force. {why}")
    revision = source.current().revision
    return Reloaded(revision=revision, changed=revision != before)


def _row_shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _shown(name, value) for name, value in without_texts(row).items()}


def _shown(name: str, value: Any) -> Any:
    """A system prompt, alone or within its row, only as what tells two apart; headers of providers are never patched."""
    if name == "system_prompt" and isinstance(value, str):
        return text_mark(value)
    return without_texts(value) if isinstance(value, dict) else value


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/api/admin/catalog", _show, ADMINS, "Revision, and admin changes beside the files", TAG, answer=CatalogView
    ),
    Endpoint(
        "GET",
        "/api/admin/catalog/files",
        _foresee,
        ADMINS,
        "What reading the files again would change, or what is wrong with them; changes nothing",
        TAG,
        answer=OutlookView,
    ),
    Endpoint(
        "POST",
        "/api/admin/catalog/proposal",
        _compare,
        ADMINS,
        "Proposed rows beside those in force; changes nothing",
        TAG,
        body=Proposal,
        answer=OutlookView,
    ),
    Endpoint(
        "POST",
        "/api/admin/catalog/restore",
        _restore,
        ADMINS,
        "Take the deletion of a file's row back",
        TAG,
        body=Restoring,
        status=204,
    ),
    Endpoint(
        "POST",
        "/api/admin/catalog/reload",
        _reload,
        ADMINS,
        "Read the catalog's files again, in every process",
        TAG,
        body=Reloading,
        answer=Reloaded,
    ),
)
