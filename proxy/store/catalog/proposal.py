"""A provider's listing beside the rows in force in, rows to accept or not out; changes nothing and asks nobody."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import unified_diff
from fnmatch import fnmatchcase
from typing import Any, Final

from proxy.domain.listing import Listed, ListedTier
from proxy.domain.value import dataclass
from proxy.store.catalog.check import BILLED
from proxy.store.catalog.sheet import Json, Sheet
from proxy.store.catalog.toml import Line, row_text

IN_FORCE: Final = "in force"
_KIND: Final = "model"
_UNTOLD: Final = "not listed: write it"
# What a class costs whose price is left out: what another does, or nothing. The same rule as in `convert`.
_OTHERWISE: Final[Mapping[str, str]] = {"cached_input": "input", "cache_write": "input", "reasoning": "output"}
_BY_PIECE: Final = ("image", "request")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One row: its text as it is (None: there is none) and as it would be. `source` is the file it stands in."""

    model_id: str
    before: str | None
    after: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Proposals:
    """All that a listing gives cause for. `gone` are rows in force whose models it does not name."""

    new: tuple[Proposal, ...]
    changed: tuple[Proposal, ...]
    gone: tuple[str, ...]

    @property
    def rows(self) -> tuple[Proposal, ...]:
        return *self.changed, *self.new

    @property
    def are_any(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def propose(provider_id: str, sheet: Sheet, listing: Sequence[Listed], only: str = "*") -> Proposals:
    """Proposals for the models of one provider. `only` is a glob over our ids or the provider's own names."""
    rows = {id: row for id, row in sheet.rows["model"].items() if _provider_of(id, row) == provider_id}
    wanted = {id: row for id, row in rows.items() if _is_wanted(only, id, _upstream_name(id, row))}
    by_name = _by_name(listing)
    known = {_upstream_name(id, row) for id, row in rows.items()}
    fresh = [one for one in listing if not known & {one.name, *one.aliases}]
    changed = [
        _changed(id, row, found, sheet.sources.get(("model", id)))
        for id, row in wanted.items()
        if (found := by_name.get(_upstream_name(id, row))) is not None
    ]
    return Proposals(
        new=tuple(
            _new(id, one, id in sheet.rows["model"])
            for one in fresh
            if _is_wanted(only, id := f"{provider_id}/{one.name}", one.name)
        ),
        changed=tuple(proposal for proposal in changed if proposal.before != proposal.after),
        gone=tuple(id for id, row in wanted.items() if _upstream_name(id, row) not in by_name),
    )


def diff(proposal: Proposal) -> str:
    """A unified diff of one row."""
    source = proposal.source or IN_FORCE
    before = "/dev/null" if proposal.before is None else f"{source}: {proposal.model_id}"
    old, new = (proposal.before or "").splitlines(keepends=True), proposal.after.splitlines(keepends=True)
    return "".join(unified_diff(old, new, before, f"proposed: {proposal.model_id}"))


def _by_name(listing: Iterable[Listed]) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for one in listing:
        for alias in one.aliases:
            found.setdefault(alias, one)
    # A model's own name is its own, whatever else answers to it.
    return found | {one.name: one for one in listing}


def _provider_of(id: str, row: Json) -> str:
    return str(row.get("provider") or id.split("/", 1)[0])


def _upstream_name(id: str, row: Json) -> str:
    return str(row.get("upstream_name") or id.split("/", 1)[1])


def _is_wanted(only: str, *names: str) -> bool:
    return any(fnmatchcase(name, only) for name in names)


def _new(id: str, listed: Listed, is_taken: bool) -> Proposal:
    """A row as it would stand in models.toml. What the listing does not tell is a comment: a person must fill it in."""
    prices, doubts = _new_prices(listed)
    bounds: list[Line] = [
        (name, value) if value is not None else f"{name} =  # {_UNTOLD}"
        for name in ("context_tokens_max", "output_tokens_max")
        for value in (getattr(listed, name),)
    ]
    lines: list[Line] = [
        ("id", id),
        *(["This id is taken by another row: choose one, and set upstream_name."] if is_taken else []),
        *([("name", listed.title)] if listed.title else []),
        f"family =  # {_UNTOLD}",
        *_kind(listed),
        *([] if prices else [("active", False)]),
        *bounds,
        *_facts(listed),
        *(prices or [f'prices = {{ input = "", output = "" }}  # {_UNTOLD}; without them it cannot be active']),
        *doubts,
        *listed.remarks,
    ]
    return Proposal(id, None, row_text(_KIND, lines))


def _kind(listed: Listed) -> list[Line]:
    if listed.kind is None:
        return ['kind =  # not listed: "chat" if left out']
    return [] if listed.kind == "chat" else [("kind", listed.kind)]


def _facts(listed: Listed) -> list[Line]:
    told: dict[str, Any] = {
        "modalities": None if listed.modalities is None else list(listed.modalities),
        "tools": listed.tools,
        "json_schema": listed.json_schema,
    }
    known: list[Line] = [(name, value) for name, value in told.items() if value is not None]
    unknown = [name for name, value in told.items() if value is None]
    further: dict[str, Any] = {"thinking": listed.thinking, "lacks": list(listed.lacks)}
    return [
        *known,
        *([f"Not listed, so as the defaults have it: {', '.join(unknown)}."] if unknown else []),
        *((name, value) for name, value in further.items() if value),
    ]


def _new_prices(listed: Listed) -> tuple[list[Line], list[Line]]:
    """The lines of the prices, and what stands in the way of them."""
    if not listed.prices:
        return [], []
    prices = {name: text for name, text in listed.prices.items() if Decimal(text) or name not in _BY_PIECE}
    if _costs_nothing(listed):
        shown = ", ".join(f'{name} = "{text}"' for name, text in prices.items())
        return [], [f"Listed: {shown}. If a price of nothing is meant, write it and free = true."]
    tiers: list[Line] = [("tiers", [_tier(tier) for tier in listed.tiers])] if listed.tiers else []
    return [("prices", prices), *tiers], []


def _costs_nothing(listed: Listed) -> bool:
    """Whether a class that every such model is billed by is listed at zero: only an operator can say that this is meant."""
    return any(not Decimal(listed.prices.get(name, "1")) for name in BILLED.get(listed.kind or "chat", ()))


def _tier(tier: ListedTier) -> Json:
    return {"input_tokens_min": tier.input_tokens_min, **{name: text for name, text in tier.prices.items() if Decimal(text)}}


def _changed(id: str, row: Json, listed: Listed, source: str | None) -> Proposal:
    after, doubts = dict(row), list[Line]()
    for name in ("context_tokens_max", "output_tokens_max"):
        if (told := getattr(listed, name)) is not None:
            after[name] = told
    if listed.prices and _costs_nothing(listed) and not row.get("free"):
        doubts.append("It is listed at a price of nothing. If that is meant, write the price and free = true.")
    elif listed.prices:
        after |= _repriced(row, listed)
    return Proposal(id, row_text(_KIND, row.items()), row_text(_KIND, [*after.items(), *doubts]), source)


def _repriced(row: Json, listed: Listed) -> Json:
    """The prices and tiers that differ; those that are equal stay as they are written."""
    changed: Json = {}
    prices = row.get("prices") or {}
    if _differs(prices, listed.prices):
        changed["prices"] = _with(prices, listed.prices)
    tiers = row.get("tiers") or []
    starts = [tier["input_tokens_min"] for tier in tiers]
    if listed.tiers and (
        starts != [tier.input_tokens_min for tier in listed.tiers]
        or any(_differs(own, tier.prices) for own, tier in zip(tiers, listed.tiers, strict=True))
    ):
        changed["tiers"] = [_tier(tier) for tier in listed.tiers]
    return changed


def _with(prices: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    found = dict(prices)
    for name, text in told.items():
        # Seen with what has changed already, for other classes cost what `input` and `output` do.
        if _effective(found, name) == Decimal(text):
            continue
        if Decimal(text) or name not in _BY_PIECE:
            found[name] = text
        else:
            found.pop(name)
    return found


def _differs(prices: Mapping[str, str], told: Mapping[str, str]) -> bool:
    return any(_effective(prices, name) != Decimal(text) for name, text in told.items())


def _effective(prices: Mapping[str, str], name: str) -> Decimal | None:
    """What a class costs; None where that is not said."""
    if name in prices:
        return Decimal(prices[name])
    if name in _BY_PIECE:
        return Decimal(0)
    return _effective(prices, _OTHERWISE[name]) if name in _OTHERWISE else None
