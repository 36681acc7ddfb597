"""Claims about signing in to the console: who may, what the cookie opens, and what a page of another origin cannot do."""

from typing import Any

import httpx2

from proxy.api.cookie import COOKIE
from tests.api.house import BY_TEST, House, bearing, code_of

TOKEN = "x-signalbox-session"


async def sign_in(house: House, key: str, **headers: str) -> tuple[str, dict[str, Any]]:
    """The cookie's value, and what the page is told."""
    answer = await house.client.post("/api/session", headers={**bearing(key), **headers})
    # What a browser would keep is sent by hand, so that each request says what it holds.
    house.client.cookies.clear()
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return answer.headers["set-cookie"].partition(";")[0].partition("=")[2], told


async def ask(house: House, method: str, path: str, cookie: str, **headers: str) -> httpx2.Response:
    body = {"reason": "test", "name": "Ann"} if method == "POST" else None
    return await house.client.request(method, path, json=body, headers={"cookie": f"{COOKIE}={cookie}", **headers})


async def test_a_session_reads_what_its_key_reads(house: House) -> None:
    cookie, told = await sign_in(house, await house.key("admin"))
    assert told["kind"] == "admin"
    assert (await ask(house, "GET", "/api/admin/users", cookie)).status_code == 200
    again = await ask(house, "GET", "/api/session", cookie)
    assert again.json() == told
    assert again.headers["cache-control"] == "no-store"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    key = await house.key("admin")
    plain = (await house.client.post("/api/session", headers=bearing(key))).headers["set-cookie"]
    safe = await house.client.post("/api/session", headers={**bearing(key), "x-forwarded-proto": "https"})
    for term in ("HttpOnly", "SameSite=Strict", "Path=/api"):
        assert term in plain
    assert "Secure" not in plain
    assert "Secure" in safe.headers["set-cookie"]


async def test_a_change_needs_the_token_of_its_own_session(house: House) -> None:
    key = await house.key("admin")
    (cookie, told), (_, other) = await sign_in(house, key), await sign_in(house, key)
    for headers in ({}, {TOKEN: ""}, {TOKEN: other["token"]}):
        assert code_of(await ask(house, "POST", "/api/admin/users", cookie, **headers)) == (403, "forbidden")
    assert (await ask(house, "POST", "/api/admin/users", cookie, **{TOKEN: told["token"]})).status_code == 201


async def test_other_origins_are_not_let_send_the_token_nor_the_cookie(house: House) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-headers": TOKEN}
    allowed = (await house.client.options("/api/admin/users", headers=asked)).headers
    assert TOKEN not in allowed["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in allowed


async def test_a_planted_cookie_opens_nothing_and_is_not_taken_over(house: House) -> None:
    assert code_of(await ask(house, "GET", "/api/session", "planted")) == (401, "invalid_api_key")
    cookie, _ = await sign_in(house, await house.key("admin"), cookie=f"{COOKIE}=planted")
    assert cookie != "planted"
    assert code_of(await ask(house, "GET", "/api/admin/users", "planted")) == (401, "invalid_api_key")


async def test_signing_in_again_ends_the_session_before(house: House) -> None:
    key = await house.key("admin")
    first, _ = await sign_in(house, key)
    await sign_in(house, key, cookie=f"{COOKIE}={first}")
    assert code_of(await ask(house, "GET", "/api/session", first)) == (401, "invalid_api_key")


async def test_signing_out_ends_it(house: House) -> None:
    cookie, told = await sign_in(house, await house.key("admin"))
    answer = await ask(house, "DELETE", "/api/session", cookie, **{TOKEN: told["token"]})
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert code_of(await ask(house, "GET", "/api/admin/users", cookie)) == (401, "invalid_api_key")


async def test_a_revoked_key_ends_its_sessions(house: House) -> None:
    cookie, told = await sign_in(house, await house.key("admin"))
    await house.parts.directory.revoke_key(told["key_id"], BY_TEST)
    assert code_of(await ask(house, "GET", "/api/admin/users", cookie)) == (401, "invalid_api_key")


async def test_a_session_never_widens_what_its_key_may(house: House) -> None:
    cookie, told = await sign_in(house, await house.key("support"))
    assert (await ask(house, "GET", "/api/admin/model-calls", cookie)).status_code == 200
    refused = await ask(house, "POST", "/api/admin/users", cookie, **{TOKEN: told["token"]})
    assert code_of(refused) == (403, "forbidden")
    assert code_of(await ask(house, "GET", "/api/me", cookie)) == (401, "invalid_api_key")


async def test_users_get_no_cookie_and_a_session_makes_no_other(house: House) -> None:
    assert code_of(await house.post("/api/session", await house.user_key())) == (403, "forbidden")
    cookie, told = await sign_in(house, await house.key("admin"))
    assert code_of(await ask(house, "POST", "/api/session", cookie, **{TOKEN: told["token"]})) == (401, "invalid_api_key")


async def test_guessing_sessions_is_bounded_like_guessing_keys(house: House) -> None:
    answers = [(await ask(house, "GET", "/api/session", f"guess-{number}")).status_code for number in range(40)]
    assert answers[0] == 401
    assert answers[-1] == 429
