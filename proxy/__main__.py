"""The command line: words in, a command run, an exit code out (0 done, 1 it could not, 2 the words are off)."""

import argparse
import asyncio
import gc
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

# Of what is loaded here nothing is in vain, and it stays. Looking through it, again and again, is a tenth of a start.
gc.disable()

import uvloop

from proxy import commands, demo, reports, serving, settings
from proxy.serving import WORKERS_MAX
from proxy.settings import Settings, SettingsMistake

gc.freeze()
gc.enable()

GRACE_MINUTES_MAX: Final = 7 * 24 * 60
DAYS_MAX: Final = 3_650
NAME_CHARS_MAX: Final = 200
# As in addresses, where administrators name whom they mean.
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")

_EPILOG = """\
Settings come from SIGNALBOX_ variables; README.md has the table. A first look, with nothing set up:

  signalbox demo

From there to production: set SIGNALBOX_PEPPER, edit config/, then

  signalbox check
  signalbox keys create --kind admin --name "first admin"
  signalbox serve
"""


def build_parser() -> argparse.ArgumentParser:
    """Every command and option there is."""
    parser = argparse.ArgumentParser(
        prog="signalbox",
        description="An OpenAI-compatible gateway: policy, budgets and failover in front of your models.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    _add_serve(verbs)
    demonstrated = verbs.add_parser(
        "demo", help="run it with a demo catalog, demo keys and, without a provider key, a simulated provider"
    )
    demonstrated.add_argument(
        "--faults", action="store_true", help="add models that fail, to watch failover; calls no real provider"
    )
    demonstrated.set_defaults(run=demo.demo)
    check = verbs.add_parser(
        "check", help="say what is wrong with settings and catalog, with file and key; exit 1 if anything is"
    )
    check.add_argument(
        "--live",
        nargs="*",
        metavar="PROVIDER",
        help="also make one smallest call to each provider (or those named), for a fraction of a cent, and say what is wrong",
    )
    check.set_defaults(run=commands.check)
    _add_keys(verbs)
    _add_catalog(verbs)
    _add_precheck(verbs)
    ledger = verbs.add_parser("ledger", help="audit the books").add_subparsers(required=True, metavar="ACTION")
    ledger.add_parser(
        "verify", help="recompute every balance from its entries; exit 1 and a line each if any differs"
    ).set_defaults(run=commands.ledger_verify)
    rollups = verbs.add_parser("rollups", help="the daily sums that reports are made of").add_subparsers(
        required=True, metavar="ACTION"
    )
    rollups.add_parser("recount", help="count every call again and mend what differs; calls wait while a day is counted")
    rollups.choices["recount"].set_defaults(run=commands.rollups_recount)
    _add_routing(verbs)
    clock = verbs.add_parser("clock", help="the clock that epochs are judged by").add_subparsers(
        required=True, metavar="ACTION"
    )
    clock.add_parser("show", help="what it shows, and whether it is believed; exit 1 while it is not").set_defaults(
        run=commands.clock_show
    )
    confirm = clock.add_parser("confirm", help="say that it is right after it jumped, so that calls are admitted again")
    confirm.add_argument("--reason", required=True, help="for the audit log")
    confirm.set_defaults(run=commands.clock_confirm)
    explain = verbs.add_parser("explain", help="decide a recorded call again and say why; exit 1 if the answer differs")
    explain.add_argument("call_id", metavar="CALL_ID", help="as in the header x-signalbox-call")
    explain.set_defaults(run=commands.explain)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command."""
    given = build_parser().parse_args(arguments)
    try:
        loaded: Settings = settings.load()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            code: int = runner.run(given.run(given, loaded))
        sys.stdout.flush()
        return code
    except SettingsMistake as mistake:
        print("\n".join(mistake.lines), file=sys.stderr)
    except commands.CommandFailed as failure:
        print(failure, file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read along has seen enough. What is still buffered must not be tried once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _add_serve(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = verbs.add_parser("serve", help="run the gateway")
    serve.add_argument(
        "--workers",
        type=_number(1, WORKERS_MAX),
        default=1,
        metavar="N",
        help="how many processes share the port, one for each core at most (%(default)s)",
    )
    # How the parent of several tells each of them who it is.
    serve.add_argument("--member", type=int, help=argparse.SUPPRESS)
    serve.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    serve.set_defaults(run=serving.serve)


def _add_keys(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keys = verbs.add_parser("keys", help="make, list, revoke and rotate API keys").add_subparsers(
        required=True, metavar="ACTION"
    )
    create = keys.add_parser("create", help="make a key; prints the key alone, once")
    create.add_argument(
        "--kind", choices=("user", "app", "support", "admin"), default="user", help="who it is for (%(default)s)"
    )
    create.add_argument("--name", type=_name, default="", help="a name to tell it from others")
    create.add_argument(
        "--user",
        type=_id,
        metavar="ID",
        help="the user it belongs to, or who holds an admin or support key; made when there is none",
    )
    create.add_argument("--app", type=_id, metavar="ID", help="the app it belongs to; made when there is none")
    create.add_argument("--plan", metavar="ID", help="the plan of a user or app that is made with it")
    create.add_argument("--manage-keys", action="store_true", help="the key may make further keys")
    create.add_argument("--expires-in-days", type=_number(1, DAYS_MAX), metavar="N", help="the key ends by itself")
    create.set_defaults(run=commands.keys_create)
    listing = keys.add_parser("list", help="one line a key: id, kind, owner, state, name; never the secret")
    listing.add_argument("--user", metavar="ID", help="only this user's")
    listing.add_argument("--app", metavar="ID", help="only this app's")
    listing.set_defaults(run=commands.keys_list)
    revoke = keys.add_parser("revoke", help="end a key and all made from it, at once")
    revoke.add_argument("key_id", metavar="KEY_ID")
    revoke.add_argument("--reason", help="for the audit log")
    revoke.set_defaults(run=commands.keys_revoke)
    rotate = keys.add_parser("rotate", help="a new key in the old one's place; prints the key alone")
    rotate.add_argument("key_id", metavar="KEY_ID")
    rotate.add_argument(
        "--grace-minutes",
        type=_number(0, GRACE_MINUTES_MAX),
        default=60,
        metavar="N",
        help="how long the old key goes on working (%(default)s)",
    )
    rotate.set_defaults(run=commands.keys_rotate)


def _add_routing(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = verbs.add_parser("routing", help="what became of calls, by task family and model").add_subparsers(
        required=True, metavar="ACTION"
    )
    report = actions.add_parser("report", help="calls, cost, first tokens, thumbs, failures and downgrades")
    report.add_argument(
        "--days", type=_number(1, DAYS_MAX), default=7, metavar="N", help="how many UTC days, today included (%(default)s)"
    )
    report.add_argument("--json", action="store_true", help="for programs; raw cost in nano-dollars")
    report.set_defaults(run=reports.routing_report)
    learn = actions.add_parser("learn", help="let ranking read the quality in a table, in the place of the models' own rows")
    learn.add_argument("file", metavar="FILE", type=Path, help="CSV with the columns family, model and quality (0 to 1)")
    learn.set_defaults(run=reports.routing_learn)


def _add_catalog(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    catalog = verbs.add_parser("catalog", help="show what can be called, and what admins changed over the files")
    actions = catalog.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("show", help="models, assistants, aliases and plans in force").set_defaults(run=commands.catalog_show)
    actions.add_parser("diff", help="every admin change against today's files").set_defaults(run=commands.catalog_diff)
    taken = actions.add_parser(
        "import",
        help="read a provider's list of models and propose rows as a diff; applies nothing",
        epilog="exit codes: 0 nothing to propose, 3 something is, 1 the list could not be read, 2 the words are off",
    )
    taken.add_argument("provider", metavar="PROVIDER", help="a provider of the catalog")
    taken.add_argument("--only", metavar="GLOB", default="*", help="models whose id or name at the provider matches")
    taken.add_argument("--write", metavar="FILE", type=Path, help="put the proposed rows into a new file as well")
    taken.set_defaults(run=commands.catalog_import)


def _add_precheck(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    precheck = verbs.add_parser("precheck", help="try precheck's rules and weights on prompts of your own; calls no model")
    actions = precheck.add_subparsers(required=True, metavar="ACTION")
    for name, run, words in (
        ("predict", commands.precheck_predict, "one line of JSON for each prompt: category, complexity, risk; never its text"),
        ("test", commands.precheck_test, "how many of the file's labels (category, complexity, risk) are found"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("file", metavar="FILE", type=Path, help='an object a line, such as {"id": "1", "text": "Hello"}')
        action.set_defaults(run=run)
    explain = actions.add_parser("explain", help="the verdict on one prompt, and the rules and words that spoke")
    explain.add_argument("text", metavar="TEXT", help="the prompt; - reads it from standard input")
    explain.set_defaults(run=commands.precheck_explain)


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text[:20]) <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _id(text: str) -> str:
    if _ID.fullmatch(text) is None:
        raise argparse.ArgumentTypeError("must be 1 to 100 letters, digits and . _ @ + -, the first a letter or digit")
    return text


def _name(text: str) -> str:
    if len(text) > NAME_CHARS_MAX or not (text.isprintable() or not text):
        raise argparse.ArgumentTypeError(f"must be printable, with {NAME_CHARS_MAX} characters at most")
    return text


if __name__ == "__main__":
    sys.exit(main())
