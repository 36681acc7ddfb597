"""Which calls a list asks for in, the statements that find a page of them out: by the index that fits best, and through so many
rows at most; reads nothing itself."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from proxy.domain.call import CallStatus
from proxy.domain.desk import CallFilter
from proxy.domain.value import dataclass
from proxy.store.recorded import SELECT_LISTED

# A page, and one more that says whether there are others.
CALLS_MAX: Final = 201

# Ids of calls sort by their moments, and lists by their ids: the edges of a period are looked up once, and are ids then.
_FIRST_SINCE: Final = "SELECT id FROM model_calls WHERE at_ms >= ? ORDER BY at_ms, id LIMIT 1"
SINCE: Final = f"id >= ({_FIRST_SINCE})"
BEFORE: Final = f"id < coalesce(({_FIRST_SINCE}), '~')"
_EDGES: Final[Mapping[str, str]] = {"from_ms": SINCE, "until_ms": BEFORE, "before_id": "id < ?"}
_EQUAL: Final = ("key_id", "user_id", "app_id", "model_id", "request_id")
# Written out: a server that learns of a rare state with each question would plan each anew. The index of states leaves out the
# one that nearly all calls are in.
_IN_STATE: Final[Mapping[str, str]] = {
    status: f"status = '{status}'" + ("" if status == "served" else " AND status <> 'served'")
    for status in get_args(CallStatus)
}
# Whose calls are fewer comes first: what belongs to one owner is found by the owner, for a model's calls may be millions of
# others'; of a model's calls, those that ended badly by that.
_LEADERS: Final = ("key_id", "user_id", "app_id")

Values = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PageOfCalls:
    """`leads` is what an index answers, `sifts` what is left to ask of each row that it finds, which is of the columns
    `sifted`: all that need be read of it."""

    leads: Mapping[str, Values]
    sifts: Mapping[str, Values]
    sifted: tuple[str, ...]
    limit: int
    rows_max: int

    @property
    def statement(self) -> tuple[str, Values]:
        """The page itself."""
        ordered = f"{_where(self.leads)} ORDER BY id DESC"
        if not self.sifts:
            return f"{SELECT_LISTED} {ordered} LIMIT {self.limit:d}", _values(self.leads)
        # Both databases walk the inner list in its order and end with the outer one: of what is found at once little is read.
        looked_at = f"SELECT {', '.join(self.sifted)} FROM model_calls {ordered} LIMIT {self.rows_max:d}"  # noqa: S608  (constants)
        found = f"SELECT id FROM ({looked_at}) AS looked_at {_where(self.sifts)} LIMIT {self.limit:d}"  # noqa: S608
        return f"{SELECT_LISTED} WHERE id IN ({found}) ORDER BY id DESC", _values(self.leads) + _values(self.sifts)

    @property
    def end(self) -> tuple[str, Values]:
        """The last row that a page may look at; asked for where a page is not full."""
        where = _where(self.leads)
        statement = f"SELECT id FROM model_calls {where} ORDER BY id DESC LIMIT 1 OFFSET {self.rows_max - 1:d}"  # noqa: S608
        return statement, _values(self.leads)


def page_of(wanted: CallFilter) -> PageOfCalls:
    """How to find the page that is `wanted`."""
    given = {name: getattr(wanted, name) for name in (*_EQUAL, "status") if getattr(wanted, name) is not None}
    leader = _leader(given)
    leads = {} if leader is None else _condition(leader, given.pop(leader))
    for name, condition in _EDGES.items():
        if getattr(wanted, name) is not None:
            leads[condition] = (getattr(wanted, name),)
    sifts = {condition: values for name, value in given.items() for condition, values in _condition(name, value).items()}
    sifted = ("id", *given)
    if wanted.kinds is not None:
        sifts[f"kind IN ({', '.join('?' * len(wanted.kinds)) or 'NULL'})"] = wanted.kinds
        sifted += ("kind",)
    return PageOfCalls(leads, sifts, sifted, max(0, min(wanted.limit, CALLS_MAX)), wanted.rows_max)


def _leader(given: Mapping[str, Any]) -> str | None:
    rare = ("status",) if given.get("status", "served") != "served" else ()
    return next((name for name in (*_LEADERS, *rare, "model_id") if name in given), None)


def _condition(name: str, value: str) -> dict[str, Values]:
    return {_IN_STATE.get(value, "false"): ()} if name == "status" else {f"{name} = ?": (value,)}


def _values(conditions: Mapping[str, Values]) -> Values:
    return tuple(value for values in conditions.values() for value in values)


def _where(conditions: Mapping[str, Values]) -> str:
    return f"WHERE {' AND '.join(conditions) or 'true'}"
