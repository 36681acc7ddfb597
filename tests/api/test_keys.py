"""Claims about keys as text: every minted key is read again, every other text is refused before a store is asked."""

import hmac
import zlib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.api import keys
from proxy.domain.account import KeyKind

KINDS: tuple[KeyKind, ...] = get_args(KeyKind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_minted_key_says_its_kind_and_public_id(kind: KeyKind) -> None:
    made = keys.mint(kind)
    assert made.text.startswith(f"sb_{kind}_{made.id}_")
    assert len(made.id) == 12
    assert keys.read(made.text) == made


def test_no_two_keys_are_alike() -> None:
    made = [keys.mint("user") for _ in range(500)]
    assert len({key.id for key in made}) == len({key.text for key in made}) == 500


@given(st.integers(0, 200), st.characters(codec="utf-8"))
def test_one_changed_character_makes_a_key_unreadable(place: int, character: str) -> None:
    text = keys.mint("user").text
    place %= len(text)
    changed = text[:place] + character + text[place + 1 :]
    assert changed == text or keys.read(changed) is None


@given(st.text(max_size=200))
def test_other_texts_are_no_keys(text: str) -> None:
    assert keys.read(text) is None


@pytest.mark.parametrize("text", ["", "sb", "sb_user__", "sb_user_" + "0" * 12, "x" * 10_000, "sb_root_" + "0" * 60])
def test_nor_are_these(text: str) -> None:
    assert keys.read(text) is None


@given(st.binary(max_size=200), st.text(max_size=200))
def test_what_is_kept_is_an_hmac_of_the_text(pepper: bytes, text: str) -> None:
    assert keys.secret_hash(pepper, text) == hmac.digest(pepper, text.encode(), "sha256")


def test_keys_that_were_made_before_are_read() -> None:
    text = "sb_user_0123456789ab_0123456789abcdefghjkmnpqrstvwxyz01234567CHECK"
    body = text.removesuffix("CHECK")
    value = zlib.crc32(body.encode())
    checksum = "".join("0123456789abcdefghjkmnpqrstvwxyz"[(value >> shift) & 31] for shift in range(0, 30, 5))
    assert keys.read(body + checksum) == keys.KeyText("user", "0123456789ab", body + checksum)


def test_what_is_kept_tells_nothing_without_the_pepper() -> None:
    text = keys.mint("admin").text
    kept = keys.secret_hash(b"pepper", text)
    assert keys.matches(b"pepper", text, kept)
    assert not keys.matches(b"salt", text, kept)
    assert not keys.matches(b"pepper", text + "x", kept)
    assert text.encode() not in kept
