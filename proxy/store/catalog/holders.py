"""Who still needs a plan that is to go: the books asked, words out where somebody does; deletes nothing."""

from collections.abc import Mapping
from typing import Final

from proxy.store.database import Connection

_HOLDERS: Final[Mapping[str, str]] = {
    "users who hold it": "SELECT count(*) FROM entitlements WHERE plan_id = ?",
    "users who get it next": "SELECT count(*) FROM entitlements WHERE next_plan_id = ?",
    "apps whose users begin with it": "SELECT count(*) FROM apps WHERE default_plan_id = ?",
    "apps that may give it": "SELECT count(*) FROM apps WHERE ? IN (SELECT value FROM json_each(apps.plans))",
}


def check_unheld(connection: Connection, plan_id: str) -> None:
    """ValueError, in words, where somebody would be left without the plan."""
    found = {who: connection.execute(statement, (plan_id,)).fetchone()[0] for who, statement in _HOLDERS.items()}
    held = ", ".join(f"{who}: {count}" for who, count in found.items() if count)
    if held:
        raise ValueError(f"Plan {plan_id!r} is still needed ({held}); give them another first.")
