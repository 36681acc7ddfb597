"""Protocols of everything that touches the world, and the exceptions they may raise; no implementation, ever."""

from proxy.ports.books import Alerts, Books, ByHand, ClockDoubted, CommitUnknown, Leases, Ledger, StoreUnavailable, Timekeeping
from proxy.ports.desk import (
    Accounts,
    CatalogDesk,
    CatalogObject,
    CatalogSource,
    Conversations,
    Directory,
    FeedbackBox,
    Register,
    Teacher,
    Threads,
    VersionConflict,
)
from proxy.ports.oversight import Chronicle, Oversight
from proxy.ports.upstream import Exchange, HealthBoard, Upstream, UpstreamError, UpstreamRequest
from proxy.ports.world import Clock, Conduct, Ids, Limiter, Quota, Recorder, Reply, TokenCounter

__all__ = [
    "Accounts",
    "Alerts",
    "Books",
    "ByHand",
    "CatalogDesk",
    "CatalogObject",
    "CatalogSource",
    "Chronicle",
    "Clock",
    "ClockDoubted",
    "CommitUnknown",
    "Conduct",
    "Conversations",
    "Directory",
    "Exchange",
    "FeedbackBox",
    "HealthBoard",
    "Ids",
    "Leases",
    "Ledger",
    "Limiter",
    "Oversight",
    "Quota",
    "Recorder",
    "Register",
    "Reply",
    "StoreUnavailable",
    "Teacher",
    "Threads",
    "Timekeeping",
    "TokenCounter",
    "Upstream",
    "UpstreamError",
    "UpstreamRequest",
    "VersionConflict",
]
