"""A provider's row in, the same without its address and headers out: so it leaves the process, as a page for admins and as a
snapshot in the database."""

from typing import Final

from proxy.store.catalog.sheet import Json, digest

# RFC 6761: nobody will ever be reached there.
_NOWHERE: Final = ".withheld.invalid"
_HEADER: Final = "withheld "


def withheld(row: Json) -> Json:
    """Short hashes in their places, so that another address is another revision. A row that is withheld already stays so."""
    headers = {name: _header(value) for name, value in row.get("headers", {}).items()}
    return {**row, "base_url": _address(row["base_url"]), "headers": headers}


def _address(base_url: str) -> str:
    return base_url if base_url.endswith(_NOWHERE) else f"https://{digest(base_url)}{_NOWHERE}"


def _header(value: str) -> str:
    return value if value.startswith(_HEADER) else f"{_HEADER}{digest(value)}"
