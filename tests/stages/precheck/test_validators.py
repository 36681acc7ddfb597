"""Which matches the validators confirm; every number here is a published test number or made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.stages.precheck.validators import VALIDATORS, email, iban, ip, luhn, phone, secret, ssn


@pytest.mark.parametrize("text", ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"])
def test_a_card_number_has_a_right_check_digit(text: str) -> None:
    assert luhn(text)


@pytest.mark.parametrize(
    "text", ["4111 1111 1111 1112", "0000000000000000", "42", "4" * 20, "6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4"]
)
def test_a_number_without_one_is_no_card(text: str) -> None:
    assert not luhn(text)


@given(st.integers(10**14, 10**15 - 1))
def test_of_ten_last_digits_exactly_one_makes_a_card(number: int) -> None:
    assert sum(luhn(f"{number}{digit}") for digit in range(10)) == 1


@pytest.mark.parametrize("text", ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "fr1420041010050500013m02606"])
def test_an_iban_leaves_one_modulo_97(text: str) -> None:
    assert iban(text)


@pytest.mark.parametrize("text", ["DE88 3704 0044 0532 0130 00", "DE89", "1234567890123456", "DE89\u0664704004405320130"])
def test_what_leaves_another_remainder_is_no_iban(text: str) -> None:
    assert not iban(text)


@pytest.mark.parametrize("text", ["ada@example.org", "a.b+c@mail.example.co.uk"])
def test_an_address_is_an_address(text: str) -> None:
    assert email(text)


@pytest.mark.parametrize("text", ["@a.b", ".a@b.cc", "a.@b.cc", "a..b@c.dd", "a@b", "a@b.1", "a@-b.cc", "a@b-.cc", "a@b..cc"])
def test_what_cannot_be_delivered_is_no_address(text: str) -> None:
    assert not email(text)


@pytest.mark.parametrize(("text", "is_phone"), [("+49 30 1234567", True), ("(212) 555-0123", True), ("12345678", False)])
def test_a_phone_number_shows_that_it_is_one(text: str, is_phone: bool) -> None:
    assert phone(text) is is_phone


@pytest.mark.parametrize(("text", "is_phone"), [("+1 234", False), ("+1111111111", False), ("+" + "12" * 9, False)])
def test_too_short_too_long_or_too_plain_is_no_phone_number(text: str, is_phone: bool) -> None:
    assert phone(text) is is_phone


@pytest.mark.parametrize(
    ("text", "issued"),
    [
        ("078-05-1120", True),
        ("000-12-3456", False),
        ("666 12 3456", False),
        ("900-12-3456", False),
        ("123-00-4567", False),
        ("123-45-0000", False),
    ],
)
def test_a_social_security_number_could_have_been_issued(text: str, issued: bool) -> None:
    assert ssn(text) is issued


@pytest.mark.parametrize(
    ("text", "is_secret"),
    [
        ("sk-a1b2c3d4e5f6g7h8i9j0k1l2", True),
        ("password: hunter2hunter7", True),
        ("api_key = your-key-here-123", False),
        ("sk-xxxxxxxxxxxxxxxxxxxxxxx1", False),
        ("password=letmeinplease", False),
        ("secret=1111111111", False),
    ],
)
def test_a_placeholder_is_no_secret(text: str, is_secret: bool) -> None:
    assert secret(text) is is_secret


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True),
        ("172.40.1.1", True),
        ("10.1.2.3", False),
        ("192.168.1.2", False),
        ("172.20.1.1", False),
        ("127.0.0.1", False),
        ("300.1.1.1", False),
        ("1.2.3.0", False),
    ],
)
def test_an_address_that_names_no_one_is_no_private_data(text: str, public: bool) -> None:
    assert ip(text) is public


@pytest.mark.parametrize("name", sorted(VALIDATORS))
def test_every_validator_says_what_a_text_must_hold(name: str) -> None:
    assert VALIDATORS[name].needs
    assert VALIDATORS[name].least > 0
