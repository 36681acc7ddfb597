"""Writes cool-offs into the store: what this process's conduct room demands in, one audited write each out; decides none."""

from typing import Final

from proxy.domain.abuse import CoolOff
from proxy.domain.desk import Change
from proxy.domain.value import replace
from proxy.ports import Conduct, Directory, Recorder, VersionConflict

ACTOR: Final = "abuse"


class Warden:
    """`look` runs on a schedule. Raises StoreUnavailable; what could not be written is due again."""

    def __init__(self, conduct: Conduct, directory: Directory, recorder: Recorder) -> None:
        self._conduct = conduct
        self._directory = directory
        self._recorder = recorder

    async def look(self) -> None:
        """One round."""
        for cool_off in self._conduct.due():
            if await self._is_settled(cool_off):
                self._conduct.stored(cool_off)

    async def _is_settled(self, cool_off: CoolOff) -> bool:
        user = await self._directory.user(cool_off.user_id)
        if user is None or (user.lifted_at_ms or 0) >= cool_off.decided_ms:
            return True
        # Another process may have sent it to rest for longer.
        cooling = replace(user, cooling_until_ms=max(user.cooling_until_ms or 0, cool_off.until_ms))
        try:
            await self._directory.put_user(cooling, user.version, Change(ACTOR, f"{cool_off.offence}: the ladder's cool-off"))
        except VersionConflict:
            return False
        self._recorder.incident("abuse_cooling", why=cool_off.offence)
        return True
