"""Confirms what a pattern only suspects: one matched text in, yes or no out; each is pure and short."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

_DIGITS: Final = "0123456789"
_IBAN_CHARS: Final = range(15, 35)
_CARD_DIGITS: Final = range(13, 20)
_PHONE_DIGITS: Final = range(8, 16)
# People write a card's number in one, or in groups of four and more; what stands in shorter ones is counted out.
_CARD_GROUP_DIGITS: Final = 4
# Area numbers never assigned to a person: https://www.ssa.gov/employer/randomization.html
_SSN_AREAS_NEVER: Final = frozenset({"000", "666"})


class Validator(NamedTuple):
    """`least`: how many of the characters `needs` a text must hold for the pattern to be worth a try."""

    needs: str
    least: int
    accepts: Callable[[str], bool]


def luhn(text: str) -> bool:
    """A card number: 13 to 19 digits, not all alike, whose check digit is right (ISO/IEC 7812)."""
    digits = [int(character) for character in text if character in _DIGITS]
    if len(digits) not in _CARD_DIGITS or len(set(digits)) == 1:
        return False
    if any(len(group) < _CARD_GROUP_DIGITS for group in re.split(r"[ -]", text)[:-1]):
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def iban(text: str) -> bool:
    """An account number whose two check digits are right (ISO 13616: modulo 97 is 1)."""
    plain = re.sub(r"[ -]", "", text).upper()
    if len(plain) not in _IBAN_CHARS or not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]+", plain, re.ASCII):
        return False
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def email(text: str) -> bool:
    """An address as people have them: no dots side by side or at an end, a domain that ends in letters."""
    local, _, domain = text.rpartition("@")
    labels = domain.split(".")
    if not local or ".." in local or local[0] == "." or local[-1] == ".":
        return False
    return len(labels) >= 2 and labels[-1].isalpha() and all(label and label[0] != "-" != label[-1] for label in labels)


def phone(text: str) -> bool:
    """A number written as one dials it: 8 to 15 digits (ITU-T E.164), and a `+`, bracket or separator that says so."""
    digits = [character for character in text if character in _DIGITS]
    return len(digits) in _PHONE_DIGITS and len(set(digits)) > 2 and bool(re.search(r"[+( .-]", text))


def ssn(text: str) -> bool:
    """A number of the US social security that can have been issued."""
    area, group, serial = re.split(r"[ -]", text)
    return area not in _SSN_AREAS_NEVER and area < "900" and group != "00" and serial != "0000"


def secret(text: str) -> bool:
    """A credential and no placeholder: mixed enough, and not a word like `your-key-here`."""
    token = re.split(r"[\s:=\"']+", text)[-1]
    if re.search(r"example|placeholder|changeme|your|xxxx|\*\*\*|<|\$\{|\.\.\.", token, re.IGNORECASE):
        return False
    return len(set(token)) >= 6 and any(character in _DIGITS for character in token)


def ip(text: str) -> bool:
    """A public-looking IPv4 address: four numbers up to 255, none of the ranges that name no one (RFC 1918, RFC 5735)."""
    parts = [int(part) for part in text.split(".")]
    if max(parts) > 255:
        return False
    private = parts[0] in (0, 10, 127, 255) or parts[:2] == [192, 168] or (parts[0] == 172 and 16 <= parts[1] < 32)
    return not private and parts[3] != 0


VALIDATORS: Final[Mapping[str, Validator]] = {
    "luhn": Validator(_DIGITS, 13, luhn),
    "iban": Validator(_DIGITS, 12, iban),
    "email": Validator("@", 1, email),
    "phone": Validator(_DIGITS, 8, phone),
    "ssn": Validator(_DIGITS, 9, ssn),
    "secret": Validator(_DIGITS, 1, secret),
    "ip": Validator(_DIGITS, 4, ip),
}
