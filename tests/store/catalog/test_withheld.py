"""Claims about what is told of a provider: where it is and what is shown to it stays in the operator's files."""

from typing import Any

from proxy.store.catalog.withheld import withheld

ROW: dict[str, Any] = {"id": "p", "base_url": "https://p.example/v1", "headers": {"x-team": "secret"}, "dialect": "openai"}


def test_address_and_headers_are_withheld_and_the_rest_is_not() -> None:
    told = withheld(ROW)
    assert "p.example" not in str(told)
    assert "secret" not in str(told)
    assert (told["id"], told["dialect"], [*told["headers"]]) == ("p", "openai", ["x-team"])


def test_another_address_or_header_looks_different_and_the_same_one_the_same() -> None:
    assert withheld(ROW) == withheld(dict(ROW))
    assert withheld(ROW) != withheld({**ROW, "base_url": "https://p.example/v2"})
    assert withheld(ROW) != withheld({**ROW, "headers": {"x-team": "other"}})


def test_what_is_withheld_stays_as_it_is() -> None:
    assert withheld(withheld(ROW)) == withheld(ROW)
