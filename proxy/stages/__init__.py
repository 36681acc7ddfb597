"""The pure stages of a call, in their order: frozen values in, frozen values out; no stage knows another."""

from typing import Final

ORDER: Final = ("intake", "precheck", "assistant", "policy", "hold", "failover", "provider", "meter", "ledger", "stream")
