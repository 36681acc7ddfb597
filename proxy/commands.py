"""What the command line can do beside serving: parsed words and settings in, lines on standard output and an exit code out."""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from proxy.api import keys
from proxy.app import Shelves, opened_shelves
from proxy.domain.account import App, Key, KeyKind, User
from proxy.domain.call import Call
from proxy.domain.catalog import Catalog, Provider
from proxy.domain.clock import ClockState
from proxy.domain.decision import Decision
from proxy.domain.desk import Change
from proxy.domain.errors import Fault
from proxy.domain.plan import Entitlement
from proxy.domain.value import replace
from proxy.inquiry import prompts, words
from proxy.inquiry.listing import listed
from proxy.inquiry.trial import Trial, attempted, callable_providers, cheapest, cost_max_nano_usd
from proxy.outside import Outside, checked, opened_books, opened_outside, rules
from proxy.ports import Directory, StoreUnavailable, VersionConflict
from proxy.settings import Settings
from proxy.stages import explain as explaining
from proxy.stages import policy
from proxy.store.catalog.proposal import diff, propose
from proxy.store.verify import verify

_DAY_MS: Final = 86_400_000
_MINUTE_MS: Final = 60_000
_BY_CLI: Final = Change("cli")


class CommandFailed(Exception):
    """The command could not be carried out; its text says why and what would help."""


async def check(given: argparse.Namespace, settings: Settings) -> int:
    """0 when settings and catalog are sound, and with `live` every provider that was tried works. Settings were checked when
    they were loaded."""
    findings = checked(settings)
    for line in findings.mistakes:
        _say(f"mistake: {line}")
    for line in findings.warnings:
        _say(f"warning: {line}")
    _say("not ready to serve" if findings.mistakes else "ready to serve")
    if findings.mistakes:
        return 1
    return 0 if given.live is None else await _check_live(given.live, settings)


async def precheck_predict(given: argparse.Namespace, settings: Settings) -> int:
    """A verdict a line, for whatever scores them."""
    for line in prompts.predictions(_prompts(given.file), rules(settings)):
        _say(line)
    return 0


async def precheck_test(given: argparse.Namespace, settings: Settings) -> int:
    """How often precheck says what the file's labels say."""
    for line in prompts.scored(_prompts(given.file), rules(settings)):
        _say(line)
    return 0


async def precheck_explain(given: argparse.Namespace, settings: Settings) -> int:
    """Why one prompt gets the verdict it gets."""
    for line in prompts.explained(sys.stdin.read() if given.text == "-" else given.text, rules(settings)):
        _say(line)
    return 0


async def keys_create(given: argparse.Namespace, settings: Settings) -> int:
    """Prints the new key and nothing else, so that scripts can take it."""
    kind: KeyKind = given.kind
    other = "user" if kind == "app" else "app"
    if getattr(given, other) is not None:
        raise CommandFailed(f"a key of kind {kind} belongs to no {other}: leave out --{other}")
    if kind in ("user", "app") and not (given.user if kind == "user" else given.app):
        raise CommandFailed(f"a key of kind {kind} belongs to somebody: add --{kind} ID")
    async with opened_shelves(settings) as shelves:
        await shelves.fit_pepper()
        now_ms, pepper = shelves.clock.now_ms(), shelves.key_pepper
        user_id, app_id = await _owners(shelves, given, now_ms)
        text = keys.mint(kind)
        key = stored_key(text, pepper, user_id, app_id, given.name, now_ms)
        key = replace(key, manage_keys=given.manage_keys)
        if given.expires_in_days is not None:
            key = replace(key, expires_at_ms=now_ms + given.expires_in_days * _DAY_MS)
        await shelves.directory.add_key(key, _BY_CLI)
    _say(text.text)
    return 0


async def keys_list(given: argparse.Namespace, settings: Settings) -> int:
    """One line a key, columns apart by tabs."""
    async with opened_books(settings) as shelves:
        now_ms = shelves.clock.now_ms()
        for key in await shelves.directory.keys(given.user, given.app):
            _say("\t".join((key.id, key.kind, key.app_id or key.user_id or "-", _state(key, now_ms), key.name)))
    return 0


async def keys_revoke(given: argparse.Namespace, settings: Settings) -> int:
    """Says how many keys ended: the one named and all made from it."""
    async with opened_books(settings) as shelves:
        if await shelves.directory.key(given.key_id) is None:
            raise CommandFailed(f"there is no key {given.key_id}; see `signalbox keys list`")
        ended = await shelves.directory.revoke_key(given.key_id, Change("cli", given.reason))
    _say(f"{ended} ended")
    return 0


async def keys_rotate(given: argparse.Namespace, settings: Settings) -> int:
    """Prints the new key alone; the old one works until the grace is over."""
    async with opened_books(settings) as shelves:
        old = await shelves.directory.key(given.key_id)
        if old is None:
            raise CommandFailed(f"there is no key {given.key_id}; see `signalbox keys list`")
        await shelves.fit_pepper()
        now_ms = shelves.clock.now_ms()
        text = keys.mint(old.kind)
        new = replace(
            old,
            id=text.id,
            secret_hash=keys.secret_hash(shelves.key_pepper, text.text),
            lineage=(text.id, *old.lineage),
            created_at_ms=now_ms,
        )
        await shelves.directory.rotate_key(old.id, new, now_ms + given.grace_minutes * _MINUTE_MS, _BY_CLI)
    _say(text.text)
    return 0


async def catalog_show(_: argparse.Namespace, settings: Settings) -> int:
    """What is in force: files with admin changes over them."""
    async with opened_shelves(settings) as shelves:
        catalog = shelves.catalog.current()
    _say(f"revision {catalog.revision}")
    for model in catalog.models.values():
        _say(f"model      {model.id}\t{model.family}\t{'active' if model.active else 'inactive'}")
    for assistant in catalog.assistants.values():
        _say(f"assistant  {assistant.id}\t{assistant.family}\t{', '.join(p.model_id for p in assistant.preferences)}")
    for alias in catalog.aliases.values():
        _say(f"alias      {alias.id}\t{', '.join(alias.models)}")
    for plan in catalog.plans.values():
        _say(f"plan       {plan.id}\t{plan.monthly_milli_credits // 1_000} credits a month\t{len(plan.models)} models")
    return 0


async def catalog_diff(_: argparse.Namespace, settings: Settings) -> int:
    """One line a change: plain, shadowed (the file changed since) or orphaned (the row is gone from the files)."""
    async with opened_books(settings) as shelves:
        for found in await shelves.desk.diff():
            patch = found.patch
            was = f"{patch.base!r} -> {patch.value!r} (file now: {found.file_value!r})"
            _say(f"{found.state}\t{patch.kind} {patch.object_id}.{patch.name}\t{was}\tby {patch.author}: {patch.reason or '-'}")
    return 0


async def catalog_import(given: argparse.Namespace, settings: Settings) -> int:
    """Prints a diff of what a provider's listing would change, and changes nothing; 3 when there is something."""
    _refuse_place(given.write, settings)
    async with opened_outside(settings) as outside:
        provider = _provider(outside.rooms.catalog, given.provider)
        found = await listed(outside.rooms, provider)
        if isinstance(found, Fault):
            raise CommandFailed(f"{provider.id}: {words.failure(provider, found)}")
        proposals = propose(provider.id, outside.sheet, found.models, given.only)
    for proposal in proposals.rows:
        _say(diff(proposal))
    for model_id in proposals.gone:
        _say(f"# gone: {model_id} is not listed under its upstream_name, which may be an alias or may have ended")
    if found.left_out:
        _say(f"# {found.left_out} listed models make what no row can say, or could not be read")
    if given.write is not None and proposals.rows:
        _write_new(given.write, "\n".join(proposal.after for proposal in proposals.rows))
        _say(f"# the proposed rows stand in {given.write}")
    counts = f"{len(proposals.new)} new, {len(proposals.changed)} changed, {len(proposals.gone)} gone"
    _say(f"# {counts} of {len(found.models)} listed; nothing was applied")
    return 3 if proposals.are_any else 0


async def ledger_verify(_: argparse.Namespace, settings: Settings) -> int:
    """One line for every place where the books disagree with their entries; 0 when there is none."""
    async with opened_books(settings) as shelves:
        wrong = await verify(shelves.database)
    for line in wrong:
        _say(line)
    _say(f"{len(wrong)} differences" if wrong else "the books are right: every balance is the sum of its entries")
    return 1 if wrong else 0


async def clock_show(_: argparse.Namespace, settings: Settings) -> int:
    """What the clock shows; 1 while it is in doubt."""
    async with opened_books(settings) as shelves:
        return _say_clock(await shelves.timekeeper.state())


async def clock_confirm(given: argparse.Namespace, settings: Settings) -> int:
    """Says that the clock is right; running gateways take calls again within a second."""
    async with opened_books(settings) as shelves:
        return _say_clock(await shelves.timekeeper.confirm(Change("cli", given.reason)))


async def rollups_recount(_: argparse.Namespace, settings: Settings) -> int:
    """Counts every call again and mends the sums that reports are made of."""
    async with opened_books(settings) as shelves:
        found = await shelves.recount()
    _say(f"{found.days} days counted again; {found.wrong_rows} rows were wrong and are mended")
    return 0


async def explain(given: argparse.Namespace, settings: Settings) -> int:
    """Decides a recorded call again. 0 when the answer is the same, or when other code decided it then (said, not failed)."""
    async with opened_books(settings) as shelves:
        call = await shelves.register.call(given.call_id)
        if call is None:
            raise CommandFailed(f"there is no call {given.call_id}")
        if call.decision is None:
            was = (
                f"refused before it was decided: {call.code}. {explaining.said_of(call.code)}"
                if call.kind != "probe"
                else "made to see who works, not decided"
            )
            _say(f"{call.id} was {was}")
            return 0
        again = await _decided_again(shelves, call)
    for line in explaining.retold(call):
        _say(line)
    if call.decision.revision != again.revision:
        _say(f"decided by revision {call.decision.revision} of the decision code; this is revision {again.revision}")
        return 0
    _say("the record decides the same way again" if again == call.decision else "today it would be decided otherwise:")
    if again == call.decision:
        return 0
    for line in explaining.lines(again):
        _say(line)
    return 1


async def owner(directory: Directory, now_ms: int, user_id: str, plan_id: str, change: Change) -> User:
    """The user `user_id`, made on `plan_id` when there is none."""
    user = await directory.user(user_id)
    if user is None:
        user = await directory.put_user(User(user_id, user_id, now_ms), None, change)
        await directory.put_entitlement(Entitlement(f"ent_{user_id}", user_id, plan_id), None, change)
    return user


def stored_key(
    text: keys.KeyText,
    pepper: bytes,
    user_id: str | None,
    app_id: str | None,
    name: str,
    now_ms: int,
) -> Key:
    """What the store keeps of a key that was just made: the root of its own lineage."""
    return Key(
        id=text.id,
        kind=text.kind,
        secret_hash=keys.secret_hash(pepper, text.text),
        user_id=user_id,
        app_id=app_id,
        name=name,
        lineage=(text.id,),
        created_at_ms=now_ms,
    )


async def _owners(shelves: Shelves, given: argparse.Namespace, now_ms: int) -> tuple[str | None, str | None]:
    plans = shelves.catalog.current().plans
    plan_id = given.plan or min(plans.values(), key=lambda plan: plan.rank).id
    if plan_id not in plans:
        raise CommandFailed(f"there is no plan {plan_id}; there are {', '.join(plans)}")
    try:
        if given.kind == "app":
            return await _app(shelves, given.app, plan_id, now_ms)
        if given.user is not None:
            return (await owner(shelves.directory, now_ms, given.user, plan_id, _BY_CLI)).id, None
    except VersionConflict:
        raise CommandFailed("somebody made the same user or app at this moment; try again") from None
    return None, None


async def _app(shelves: Shelves, app_id: str, plan_id: str, now_ms: int) -> tuple[str, str]:
    app = await shelves.directory.app(app_id)
    if app is None:
        user = await owner(shelves.directory, now_ms, app_id, plan_id, _BY_CLI)
        app = await shelves.directory.put_app(App(app_id, app_id, user.id, plan_id), None, _BY_CLI)
    return app.user_id, app.id


async def _decided_again(shelves: Shelves, call: Call) -> Decision:
    catalog = await shelves.catalog.at(call.catalog_revision)
    if catalog is None:
        raise CommandFailed(f"catalog revision {call.catalog_revision} of this call is no longer kept")
    if call.ask is None or call.verdict is None or call.advice is None or call.standing is None or call.health is None:
        raise CommandFailed(f"the record of {call.id} is not whole; it cannot be decided again")
    return policy.decide(call.ask, call.verdict, call.advice, call.standing, catalog, call.health)


async def _check_live(named: Sequence[str], settings: Settings) -> int:
    async with opened_outside(settings) as outside:
        rooms = outside.rooms
        asked = [_provider(rooms.catalog, name) for name in dict.fromkeys(named)] or callable_providers(rooms.catalog)
        if not asked:
            raise CommandFailed("no active provider has an active chat model with a price; there is nothing to call")
        models = [model for provider in asked if (model := cheapest(rooms.catalog, provider.id)) is not None]
        _say(f"calls {len(asked)} providers, for {words.dollars(sum(map(cost_max_nano_usd, models)))} at most in all")
        trials = await asyncio.gather(*(attempted(rooms, provider) for provider in asked))
        for trial in trials:
            _say(words.verdict(trial))
        await _record_trials(outside, trials)
    failed = [trial for trial in trials if not trial.works]
    _say(f"{len(failed)} of {len(trials)} do not work" if failed else f"all {len(trials)} work")
    return 1 if failed else 0


async def _record_trials(outside: Outside, trials: Iterable[Trial]) -> None:
    if outside.record is None:
        return
    try:
        for trial in trials:
            if trial.attempt is not None:
                await outside.record(trial.attempt)
    except (StoreUnavailable, ValueError) as error:
        raise CommandFailed(f"the calls were made but could not be written down: {error}") from None


def _provider(catalog: Catalog, provider_id: str) -> Provider:
    found = catalog.providers.get(provider_id)
    if found is None:
        raise CommandFailed(f"there is no provider {provider_id}; there are {', '.join(catalog.providers)}")
    return found


def _refuse_place(path: Path | None, settings: Settings) -> None:
    if path is None:
        return
    if path.exists():
        raise CommandFailed(f"{path} is there already and is not written over; name another file")
    if path.suffix == ".toml" and path.resolve().parent == settings.config_dir.resolve():
        raise CommandFailed(f"{path} would be in force at the next start; write it elsewhere, look at it, then move it there")


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}") from None


def _state(key: Key, now_ms: int) -> str:
    if key.revoked_at_ms is not None:
        return "revoked"
    if key.expires_at_ms is not None and key.expires_at_ms <= now_ms:
        return "expired"
    return "suspended" if key.suspended else "live"


def _say_clock(state: ClockState) -> int:
    shown = datetime.fromtimestamp(state.shown_ms / 1_000, UTC).isoformat(sep=" ", timespec="seconds")
    if state.doubt is None:
        _say(f"the clock shows {shown} and is believed")
        return 0
    jumped_s = state.doubt.jump_ms // 1_000
    _say(f"the clock shows {shown}; it jumped by {jumped_s:+} s, and nothing is admitted until it is confirmed")
    return 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _prompts(path: Path) -> list[Mapping[str, object]]:
    try:
        return list(prompts.rows(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, prompts.NoPrompt) as error:
        raise CommandFailed(f"{path}: {error}") from error
