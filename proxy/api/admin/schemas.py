"""What admins may send: one strict model per body and query, every value cleaned and bounded; knows no store."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from proxy.api.bounds import RateGiven
from proxy.api.native.keys import GRACE_MINUTES_MAX, CapGiven, WishesGiven
from proxy.api.period import Moment
from proxy.api.schemas import CreditsIn, Given, MomentMs, Name, Words
from proxy.domain.account import KeyKind
from proxy.domain.desk import CatalogKind
from proxy.domain.money import MULTIPLIER_ONE_PPM
from proxy.domain.plan import Window

CAPS_MAX: Final = 8
OVERRIDES_MAX: Final = 64
NAMES_MAX: Final = 256
PAGE_MAX: Final = 200
ROW_DEPTH_MAX: Final = 12
REPLAYED_MAX: Final = 5_000
PATCHES_MAX: Final = 64
# The last moment of the year 9999: later ones have no date.
_MS_MAX: Final = 253_402_300_799_999

_MULTIPLIER: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
# Control characters but tabs and line ends, and lone surrogates.
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def _ppm(value: object) -> int:
    if isinstance(value, str) and _MULTIPLIER.fullmatch(value) and (ppm := int(Decimal(value) * MULTIPLIER_ONE_PPM)):
        return ppm
    raise ValueError('must be a decimal string above zero such as "1.25", with at most 6 decimals')


Reason = Annotated[Words, StringConstraints(strip_whitespace=True, min_length=1)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$")]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9:*?][A-Za-z0-9._:@+/*?-]*$")]
ModelNames = Annotated[list[ModelName], Field(max_length=NAMES_MAX)]
AtMs = Annotated[MomentMs, Field(ge=0, le=_MS_MAX)]
Count = Annotated[int, Field(ge=1, le=10**9)]
# Bodies are strict, and JSON has no decimal: this one field reads text and numbers.
Amount = Annotated[CreditsIn, Field(strict=False)]
# Parts per million inside, a decimal string on the wire.
MultiplierPpm = Annotated[int, BeforeValidator(_ppm), WithJsonSchema({"type": "string", "pattern": f"^{_MULTIPLIER.pattern}$"})]


class Body(Given):
    """Nothing is guessed: other types than the stated ones are mistakes too."""

    model_config = ConfigDict(strict=True)


class Reasoned(Body):
    """Every write says why; the words stand in the audit log."""

    reason: Reason


class RowBody(Reasoned):
    """Fields of a catalog row beside the reason. Their shape is checked by the catalog, their text here."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, value: Any) -> Any:
        _check_text(value)
        return value

    @property
    def fields(self) -> Mapping[str, Any]:
        return dict(self.model_extra or {})


class NewRowBody(RowBody):
    """A whole catalog row beside the reason."""

    id: Id


class NewModelBody(RowBody):
    """The same for a model, whose id is `provider/model`."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+/-]{0,199}$")]


class Activation(Reasoned):
    active: bool


def _distinct(caps: list[CapGiven]) -> list[CapGiven]:
    if len({cap.window for cap in caps}) != len(caps):
        raise ValueError("must name each window once")
    return caps


Caps = Annotated[list[CapGiven], Field(max_length=CAPS_MAX), AfterValidator(_distinct)]


Plans = Annotated[list[Id], Field(max_length=NAMES_MAX)]


class Partial(Reasoned):
    """A change of some fields: what is left out, or null, stays as it is."""

    @property
    def plain_fields(self) -> dict[str, Any]:
        """The fields to change that are in the domain's form already."""
        return {
            name: value
            for name, value in self.model_dump(exclude={"caps", "plans", "reason", "wishes"}).items()
            if value is not None
        }


class NewUser(Reasoned):
    """`id` is made up where it is not given, `plan_id` is the lowest plan."""

    name: Name
    id: Id | None = None
    plan_id: Id | None = None
    anchor_day: Annotated[int, Field(ge=1, le=31)] = 1
    caps: Caps = Field(default_factory=list)
    wishes: WishesGiven = WishesGiven()


class UserChange(Partial):
    """`cooling_until_ms: null` lifts a cool-off and forgives what led to it; nobody can be sent into one by hand."""

    name: Name | None = None
    suspended: bool | None = None
    anchor_day: Annotated[int, Field(ge=1, le=31)] | None = None
    caps: Caps | None = None
    wishes: WishesGiven | None = None
    cooling_until_ms: None = None

    @property
    def lifts_cooling(self) -> bool:
        return "cooling_until_ms" in self.model_fields_set


class OverrideBody(Body):
    """A dated exception. `extra_credits` are per window; what is left out stays as the plan has it."""

    reason: Reason
    id: Id | None = None
    from_ms: AtMs = 0
    until_ms: AtMs | None = None
    extra_credits: dict[Window, Amount] = Field(default_factory=dict)
    extra_models: list[ModelName] = Field(default_factory=list, max_length=NAMES_MAX)
    multiplier: MultiplierPpm | None = None
    context_tokens_max: Count | None = None
    output_tokens_default: Count | None = None
    concurrency_max: Annotated[int, Field(ge=1, le=10_000)] | None = None
    n_max: Annotated[int, Field(ge=1, le=128)] | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "OverrideBody":
        if self.until_ms is not None and self.until_ms <= self.from_ms:
            raise ValueError("until_ms must be after from_ms")
        return self


class NextPlanBody(Body):
    """The plan that follows at `from_ms`; at the end of the account's month where it is left out."""

    plan_id: Id
    from_ms: AtMs | None = None


class EntitlementBody(Reasoned):
    """The whole entitlement: what is not in it is gone. `plan_id` holds now, until `next_plan` does."""

    plan_id: Id
    next_plan: NextPlanBody | None = None
    overrides: list[OverrideBody] = Field(default_factory=list, max_length=OVERRIDES_MAX)


class NewGrant(Reasoned):
    amount: Amount
    kind: Literal["grant", "topup"] = "grant"
    family: Id | None = None
    expires_at_ms: AtMs | None = None


class NewReset(Reasoned):
    """Which included credits begin anew: of a window, bound to a family or (null) to none."""

    window: Window
    family: Id | None = None


class NewKey(Reasoned):
    """A user key belongs to a user, an app key to an app; support and admin keys may name the user who holds them."""

    kind: KeyKind
    name: Name
    user_id: Id | None = None
    app_id: Id | None = None
    model_scope: ModelNames | None = None
    caps: Caps = Field(default_factory=list)
    rate: RateGiven | None = None
    expires_at_ms: AtMs | None = None
    manage_keys: bool = False
    wishes: WishesGiven = WishesGiven()

    @model_validator(mode="after")
    def _belongs_to_whom_its_kind_says(self) -> "NewKey":
        if (self.kind == "app") != (self.app_id is not None):
            raise ValueError("app_id is named for keys of kind app, and only for them")
        if self.kind == "user" and self.user_id is None:
            raise ValueError("a key of kind user needs its user_id")
        if self.kind == "app" and self.user_id is not None:
            raise ValueError("a key of kind app acts for the app's own user; leave user_id out")
        return self


class KeyChange(Reasoned):
    """Bounds of a key; what is left out stays. One that is null is lifted as far as the keys it was made from have none. What
    was made from it loses what it would have beyond."""

    model_scope: ModelNames | None = None
    rate: RateGiven | None = None
    expires_at_ms: AtMs | None = None


class Refunding(Reasoned):
    """All that a call was charged goes back to where it was taken from."""


class Suspension(Reasoned):
    suspended: bool


class Rotation(Reasoned):
    """The old key works for `grace_minutes` more minutes."""

    grace_minutes: Annotated[int, Field(ge=0, le=GRACE_MINUTES_MAX)]


class NewApp(Reasoned):
    """Without `user_id` the app gets an account of its own, named like itself. `plans` are those that it may give its users
    beside the default one; without `caps` it takes on no users."""

    id: Id
    name: Name
    default_plan_id: Id
    user_id: Id | None = None
    caps: Caps = Field(default_factory=list)
    enrols_daily_max: Annotated[int, Field(ge=0, le=1_000_000)] = 1_000
    reads_body_user: bool = False
    plans: Plans = Field(default_factory=list)


class AppChange(Partial):
    name: Name | None = None
    default_plan_id: Id | None = None
    caps: Caps | None = None
    enrols_daily_max: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    reads_body_user: bool | None = None
    suspended: bool | None = None
    plans: Plans | None = None


class Denial(Body):
    """`answer` is what the user reads, `reason` what the audit log says (the answer, when left out)."""

    answer: Reason
    reason: Reason | None = None


class Approval(Denial):
    """`until_ms` ends what is granted; extra credits end with the month where it is left out. In part: fewer `credits` than
    asked for, or some `models` of a family. A plan may begin with the user's `next_month`."""

    until_ms: AtMs | None = None
    credits: Amount | None = None
    models: Annotated[list[ModelName], Field(min_length=1, max_length=NAMES_MAX)] | None = None
    at: Literal["now", "next_month"] = "now"

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Approval":
        if self.at == "next_month" and self.until_ms is not None:
            raise ValueError("a plan that begins with the next month has no until_ms here")
        return self


class KeyBounds(Reasoned):
    """What a key may spend from now on, all of it: one cap for each window, none to lift them."""

    caps: Caps


class RowTried(Body):
    """Fields of one catalog row as they might be; with `new` of one that is yet to be made, with `gone` none: it is deleted."""

    kind: CatalogKind
    new: bool = False
    gone: bool = False
    id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    fields: Annotated[dict[str, Any], Field(max_length=NAMES_MAX)] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, value: Any) -> Any:
        _check_text(value)
        return value

    @model_validator(mode="after")
    def _says_what_changes(self) -> "RowTried":
        if self.gone == bool(self.fields) or (self.gone and self.new):
            raise ValueError("must name fields that change, or say that the row is gone")
        return self


class Simulation(Body):
    """Which recorded calls to replay, and what to change. `catalog` says what `patches` are laid over: the catalog each call
    was made under, or today's. `models` is an allow-list (ids, tags, globs) in place of every plan's own, `plan_id` another
    plan and `multiplier` another multiplier for everybody."""

    since: Annotated[Moment, Field(alias="from", strict=False)]
    until: Annotated[Moment, Field(strict=False)]
    user: Id | None = None
    limit: Annotated[int, Field(ge=1, le=REPLAYED_MAX)] = 1_000
    catalog: Literal["recorded", "current"] = "recorded"
    plan_id: Id | None = None
    multiplier: MultiplierPpm | None = None
    models: ModelNames | None = None
    patches: Annotated[list[RowTried], Field(max_length=PATCHES_MAX)] = Field(default_factory=list)


def _check_text(value: Any) -> None:
    """Walks without recursion: how deep a body may nest is the sender's choice, how deep we look is ours."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > ROW_DEPTH_MAX:
            raise ValueError(f"must not nest deeper than {ROW_DEPTH_MAX} levels")
        if isinstance(part, str) and _UNFIT.search(part):
            raise ValueError("must not contain control characters")
        if isinstance(part, dict):
            waiting.extend((child, depth + 1) for pair in part.items() for child in pair)
        elif isinstance(part, list):
            waiting.extend((child, depth + 1) for child in part)
