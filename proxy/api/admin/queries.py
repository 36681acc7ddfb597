"""What admins may ask of lists and reports: one strict model per address, every value bounded; knows no store."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from proxy.api.admin.schemas import PAGE_MAX, Count, Id, ModelName, Reason
from proxy.api.native.calls import KindAsked
from proxy.api.period import Moment
from proxy.api.schemas import Name, Queries
from proxy.domain.account import KeyKind
from proxy.domain.call import CallStatus
from proxy.domain.rollup import TallyGroup


class Query(Queries):
    """A filter that is misspelt would show everything, so here an unknown name is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Paged(Query):
    """Most rows on the page."""

    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50


class AppQuery(Paged):
    """`after` is the `next_after` of the page before."""

    after: Id | None = None


class UserQuery(AppQuery):
    """`begins` is how an id begins, `named` how a name does, in whatever case; one of them at a time. An app's user is named as
    the app names it, until somebody changes that."""

    app: Id | None = None
    begins: Id | None = None
    named: Name | None = None
    suspended: bool = False

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "UserQuery":
        if self.begins is not None and self.named is not None:
            raise ValueError("users are found by begins or by named; leave one of them out")
        return self


class KeyQuery(Paged):
    """`live` leaves out what is revoked or has expired; `before` is the `next_before` of the page before."""

    user: Id | None = None
    app: Id | None = None
    kind: KeyKind | None = None
    live: bool = False
    before: Id | None = None


class PlanRequestQuery(Paged):
    """`before` is the `next_before` of the page before."""

    user: Id | None = None
    status: Literal["open", "approved", "denied"] | None = None
    before: Id | None = None


class AbuseQuery(Paged):
    """`after` is the `next_after` of the page before: those who rest no longer than the last of it."""

    after: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}:.{1,100}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE_MAX


class CallQuery(Paged):
    """`from` and `until` are moments in ISO 8601; `before` is the `next_before` of the page before; `request` is a request id.
    A page looks at 10,000 calls at most."""

    user: Id | None = None
    app: Id | None = None
    key: Id | None = None
    model: ModelName | None = None
    status: CallStatus | None = None
    kind: KindAsked | None = None
    request: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None
    before: Id | None = None


AnalyticsGroup = Literal[TallyGroup, "user"]


class AnalyticsQuery(Query):
    """`from` and `until` are moments in ISO 8601, whose UTC days count whole; `tag` narrows `group=tag` to one name; `after` is
    the `next_after` of the page of users before."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None
    group: AnalyticsGroup = "model"
    tag: Name | None = None
    after: Name | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50

    @model_validator(mode="after")
    def _tag_narrows_tags(self) -> "AnalyticsQuery":
        if self.tag is not None and self.group != "tag":
            raise ValueError("`tag` narrows `group=tag`, and no other group")
        if self.after is not None and self.group != "user":
            raise ValueError("`after` goes on with `group=user`, and with no other group")
        return self


class AuditQuery(Paged):
    """`subject` is `kind:ID`, `by` who changed it (`key:ID` or `cli`); `from` and `until` are moments in ISO 8601."""

    before: Count | None = None
    subject: Name | None = None
    by: Name | None = None
    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None


class AlertQuery(Paged):
    """`before` is the `next_before` of the page before."""

    before: Name | None = None


class TurnQuery(Paged):
    """`before` is the `next_before` of the page before."""

    before: Name | None = None


class DeleteQuery(Query):
    """A DELETE has no body, so its reason stands in the address."""

    reason: Reason
