"""The audit log as admins read it: pages of lines, newest first; nothing here takes a line back."""

from typing import Any, Final

from proxy.api.admin.queries import AuditQuery
from proxy.api.admin.rows import without_texts
from proxy.api.admin.visiting import ADMINS, TAG
from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.period import ms_of
from proxy.api.schemas import Told
from proxy.domain.desk import AuditFilter, AuditLine


class AuditLineView(Told):
    id: int
    at_ms: int
    actor: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None

    @classmethod
    def of(cls, line: AuditLine) -> "AuditLineView":
        return cls(
            id=line.id,
            at_ms=line.at_ms,
            actor=line.actor,
            action=line.action,
            subject=line.subject,
            before=None if line.before is None else without_texts(line.before),
            after=None if line.after is None else without_texts(line.after),
            reason=line.reason,
        )


class AuditPage(Told):
    """`next_before` is null when the page is not full."""

    data: list[AuditLineView]
    next_before: int | None


async def _audit(visit: Visit) -> Answer:
    query = visit.queries_as(AuditQuery)
    only = AuditFilter(
        subject=query.subject,
        actor=query.by,
        from_ms=None if query.since is None else ms_of(query.since),
        until_ms=None if query.until is None else ms_of(query.until),
    )
    lines = await visit.services.register.audit(query.before, query.limit, only)
    full = len(lines) == query.limit
    return AuditPage(data=[AuditLineView.of(line) for line in lines], next_before=lines[-1].id if full else None)


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/admin/audit",
        _audit,
        ADMINS,
        "Who changed what, when and why, newest first",
        TAG,
        answer=AuditPage,
        queries=AuditQuery,
    ),
)
