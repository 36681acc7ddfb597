"""Claims about `GET /api/me` and `GET /api/plans`: who calls, on which terms, what is left; in credits alone."""

from dataclasses import replace

from proxy.domain.desk import Grant
from proxy.domain.plan import Allowance, Rate
from proxy.domain.standing import Cap
from tests import builders as b
from tests.api.house import BY_TEST, House


async def test_a_user_sees_plan_and_what_is_left(house: House) -> None:
    key = await house.user_key()
    me = (await house.get("/api/me", key)).json()
    assert (me["kind"], me["user"]["id"], me["app"], me["plan"]["id"]) == ("user", "u1", None, "basic")
    (month,) = me["windows"]
    assert (month["window"], month["limit"], month["left"], month["held"]) == ("month", "1000", "1000", "0")
    assert month["resets_at_ms"] > house.parts.clock.now_ms()


async def test_what_was_spent_is_what_the_call_said_it_cost(house: House) -> None:
    key = await house.user_key()
    paid = (await house.chat(key)).headers["x-signalbox-credits"]
    (month,) = (await house.get("/api/me", key)).json()["windows"]
    assert month["spent"] == paid
    assert float(month["left"]) == float(month["limit"]) - float(paid)


async def test_a_top_up_stands_with_its_expiry(house: House) -> None:
    key = await house.user_key()
    later_ms = house.parts.clock.now_ms() + 10**9
    grant = Grant("g1", "u1", "topup", 2_500, "a test", b.NOW_MS, family="open", expires_at_ms=later_ms)
    await house.parts.directory.grant(grant, BY_TEST)
    (bucket,) = (await house.get("/api/me", key)).json()["buckets"]
    assert (bucket["limit"], bucket["family"], bucket["expires_at_ms"]) == ("2.5", "open", later_ms)


async def test_credits_bound_to_a_family_are_shown_apart_and_buckets_in_their_turn(house: House) -> None:
    bound = Allowance("month", 500_000, "frontier")
    rich = b.plan("basic", models=("p/cheap",), allowances=(bound, Allowance("month", 1_000_000)))
    house.shown.catalog = replace(house.shown.catalog, plans={"basic": rich})
    key = await house.user_key()
    for name, family in (("any", None), ("mine", "frontier")):
        await house.parts.directory.grant(Grant(name, "u1", "topup", 5, f"for {name}", b.NOW_MS, family=family), BY_TEST)
    me = (await house.get("/api/me", key)).json()
    assert [(w["family"], w["limit"]) for w in me["windows"]] == [("frontier", "500"), (None, "1000")]
    assert [(x["id"], x["family"], x["reason"]) for x in me["buckets"]] == [
        ("mine", "frontier", "for mine"),
        ("any", None, "for any"),
    ]


async def test_caps_are_shown_but_never_the_operators_ceilings(house: House) -> None:
    await house.user("u7", caps=(Cap("user:u7", "day", 9_000), Cap("installation", "day", 7 * 10**9, "nano_usd")))
    answer = await house.get("/api/me", await house.user_key("u7"))
    assert [(c["scope"], c["limit"]) for c in answer.json()["caps"]] == [("user:u7", "9")]
    assert "installation" not in answer.text


async def test_an_app_key_is_the_apps_own_user_or_the_end_user_it_names(house: House) -> None:
    key = await house.app_key()
    own = (await house.get("/api/me", key)).json()
    assert (own["kind"], own["app"]["id"], own["user"]["id"]) == ("app", "a1", "a1-own")
    ann = (await house.get("/api/me", key, **{"x-signalbox-user": "ann"})).json()
    assert (ann["user"]["external_id"], ann["plan"]["id"]) == ("ann", "basic")
    assert ann["user"]["id"] != own["user"]["id"]


async def test_looking_enrols_nobody(house: House) -> None:
    key = await house.app_key()
    told = (await house.get("/api/me", key, **{"x-signalbox-user": "ann"})).json()
    assert await house.parts.directory.user(told["user"]["id"]) is None


async def test_the_header_selects_nothing_on_a_user_key(house: House) -> None:
    told = (await house.get("/api/me", await house.user_key(), **{"x-signalbox-user": "ann"})).json()
    assert told["user"]["id"] == "u1"


async def test_an_override_shows_in_the_plan_in_force(house: House) -> None:
    key = await house.user_key()
    entitlement = await house.parts.directory.entitlement("u1")
    assert entitlement is not None
    more = replace(entitlement, overrides=(b.override(concurrency_max=9, extra_milli_credits={"month": 500}),))
    await house.parts.directory.put_entitlement(more, entitlement.version, BY_TEST)
    me = (await house.get("/api/me", key)).json()
    assert (me["plan"]["concurrency_max"], me["windows"][0]["limit"]) == (9, "1000.5")


async def test_plans_stand_in_order_with_credits_limits_and_models(house: House) -> None:
    rates = {"chat": Rate(30, 60)}
    house.shown.catalog = b.catalog(
        b.model("p/a"),
        b.model("p/b", active=False),
        b.plan("z-first", rank=0, allowances=(Allowance("day", 1_500, family="open"),), rates=rates),
        b.plan("a-second", rank=1),
    )
    key = await house.user_key("u1", "a-second")
    first, second = (await house.get("/api/plans", key)).json()["data"]
    assert (first["id"], first["mine"], second["id"], second["mine"]) == ("z-first", False, "a-second", True)
    assert first["credits"] == [{"window": "day", "family": "open", "credits": "1.5"}]
    assert first["models"] == ["p/a"]
    assert first["rates"] == {"chat": {"requests": 30, "period_s": 60}}


async def test_a_user_whose_plan_is_gone_still_sees_who_it_is(house: House) -> None:
    answer = await house.get("/api/me", await house.user_key("u1", "deleted"))
    assert answer.status_code == 200
    assert answer.json()["plan"]["models"] == []
