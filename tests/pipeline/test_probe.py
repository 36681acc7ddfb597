"""A probe: the smallest call, made once, charged to nobody, held under the ceilings, heard by the health board."""

import orjson
import pytest

from proxy.domain.call import NOBODY
from proxy.domain.errors import Fault
from proxy.domain.ledger import HoldRefused
from proxy.domain.standing import Cap
from tests import builders as b
from tests.pipeline.theatre import Script, Theatre, stream

MODEL = b.model("p/one")
CEILING = Cap("installation", "day", 10**9, "nano_usd")
CATALOG = b.catalog(MODEL, b.model("q/two"), ceilings=(CEILING,))


async def test_a_probe_is_one_tiny_stream_and_its_first_token_is_heard() -> None:
    theatre = Theatre(Script(stream("OK")), catalog=CATALOG)
    assert await theatre.pipeline.probe(MODEL) is None
    body = orjson.loads(theatre.upstream.requests[0].body)
    assert (body["model"], body["max_tokens"], body["stream"], len(theatre.upstream.requests[0].body) < 400) == (
        "one",
        16,
        True,
        True,
    )
    assert (theatre.board.observed, theatre.board.accounts) == ([("p/one", None)], [None])
    assert [model_id for model_id, _ in theatre.board.answered_in_ms] == ["p/one"]


async def test_a_probe_is_a_row_of_its_own_kind_that_nobody_pays_and_the_operator_counts() -> None:
    theatre = Theatre(Script(stream("OK")), catalog=CATALOG)
    await theatre.pipeline.probe(MODEL)
    call = theatre.settled
    assert (call.kind, call.status, call.user_id, call.key_id, call.app_id) == ("probe", "served", NOBODY, NOBODY, None)
    assert (call.credits_milli, call.absorbed_milli, call.raw_nano_usd > 0) == (0, 0, True)
    assert (call.decision, call.ask) == (None, None)
    (held,) = theatre.books.holds
    assert (held.amount_milli, held.raw_nano_usd > 0, CEILING in held.terms.caps) == (0, True, True)


async def test_a_probe_over_the_ceiling_is_not_made() -> None:
    theatre = Theatre(catalog=CATALOG)
    theatre.books.answers = [HoldRefused("budget_cap_reached", "installation", b.standing())]
    assert await theatre.pipeline.probe(MODEL) is not None
    assert theatre.upstream.requests == []


@pytest.mark.parametrize("fault", [Fault("server_error", status=500), Fault("connect"), Fault("rate_limited", status=429)])
async def test_a_probe_that_fails_is_not_made_again_nor_anywhere_else(fault: Fault) -> None:
    theatre = Theatre(Script(opening=fault), catalog=CATALOG)
    assert await theatre.pipeline.probe(MODEL) is not None
    assert theatre.board.observed == [("p/one", fault.kind)]
    assert (theatre.settled.status, len(theatre.settled.attempts)) == ("failed", 1)


async def test_what_must_not_be_called_is_not_probed() -> None:
    theatre = Theatre(catalog=b.catalog(b.model("p/one", active=False)))
    assert await theatre.pipeline.probe(b.model("p/one")) is not None
    assert theatre.books.holds == []
