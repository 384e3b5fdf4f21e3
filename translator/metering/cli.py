"""Command line of the metering proxy: alone, or around the command of an agent."""

from __future__ import annotations

import argparse
import subprocess
import threading
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from jaxenv.commands import arguments, interrupts
from translator.ledger import Ledger, LedgerError, text_of
from translator.metering.apis import PROVIDERS
from translator.metering.prices import Price, PriceError, Prices, stated
from translator.metering.proxy import MODES, Proxy, ProxyError, upstreams
from translator.metering.script import Script
from translator.metering.sources import Replay, SourceError
from translator.metering.transcript import TranscriptError

_NAME = "translator.metering"
_ABOUT = """Proxy between a coding agent and the APIs of models: it holds a budget in dollars, and keeps the keys.

Keys are taken from OPENAI_API_KEY, ANTHROPIC_API_KEY and GEMINI_API_KEY; the agent gets another one. A COMMAND is run
with an environment that points at the proxy, and its status is this command's; without one, the proxy serves until
Ctrl-C.
"""


def main(argv: Sequence[str]) -> int:
    """Run the proxy; the exit status."""
    return interrupts.run_command(_NAME, lambda: _run(_parser().parse_args(argv)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {_NAME}", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--usd", type=_usd, required=True, help="the most that may be spent, in dollars, over all runs on one ledger")
    add(
        "--folder", type=arguments.path, required=True, help="where ledger.sqlite, prices.json and calls.jsonl are kept"
    )
    add("--mode", choices=MODES, default="live", help="where answers come from (default: live); record keeps them")
    add("--recording", type=arguments.path, help="the calls.jsonl of a recorded run, for --mode replay")
    add("--in-order", action="store_true", help="replay: give requests that were not recorded the next answer")
    add("--script", type=arguments.path, help="a JSON list of steps, for --mode script")
    add("--port", type=lambda text: arguments.integer(text, 0, 65535), default=0, help="default: any free port")
    add("--output-tokens", type=arguments.positive, default=16_384, help="limit of requests without one (16384)")
    add("--price", type=_price, action="append", default=[], metavar="MODEL=IN,OUT", help="dollars per million tokens")
    add("--allow-unknown-prices", action="store_true", help="let calls through that cannot be counted, and say so")
    for provider in PROVIDERS:
        add(f"--{provider}-url", help=f"another address than {provider}'s own, as http://127.0.0.1:8000/v1")
        add(f"--{provider}-prices", help="whose prices count there, as genai-prices names it (openrouter)")
    add("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the agent's command")
    return parser


def _usd(text: str) -> Decimal:
    try:
        usd = Decimal(text)
    except InvalidOperation:
        usd = Decimal(-1)
    if not usd.is_finite() or usd <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no budget; give dollars above 0, as 10 or 2.50")
    return usd


def _price(text: str) -> tuple[str, Price]:
    try:
        return stated(text)
    except PriceError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _run(args: argparse.Namespace) -> int:
    folder: Path = args.folder
    try:
        source = None
        if args.mode == "script" and args.script is not None:
            source = Script.read(args.script)
        if args.mode == "replay" and args.recording is not None:
            source = Replay(args.recording, in_order=args.in_order)
        urls = {name: getattr(args, f"{name}_url") for name in PROVIDERS if getattr(args, f"{name}_url")}
        priced = {name: getattr(args, f"{name}_prices") for name in PROVIDERS if getattr(args, f"{name}_prices")}
        with Ledger(folder / "ledger.sqlite", args.usd) as ledger:
            prices = Prices(folder / "prices.json", dict(args.price), allow_unknown=args.allow_unknown_prices)
            proxy = Proxy(
                ledger,
                prices,
                folder / "calls.jsonl",
                mode=args.mode,
                source=source,
                providers=upstreams(None, urls, priced),
                output_tokens=args.output_tokens,
                port=args.port,
            )
            try:
                with proxy:
                    return _serve(proxy, args.command[1:] if args.command[:1] == ["--"] else args.command)
            finally:
                _say(f"spent {text_of(ledger.spent)} of {text_of(ledger.cap)} USD")
    except (LedgerError, PriceError, ProxyError, SourceError, TranscriptError) as error:
        interrupts.complain(f"{_NAME}: {error}")
        return 2


def _serve(proxy: Proxy, command: list[str]) -> int:
    _say(f"metering proxy at {proxy.url}")
    if command:
        try:
            status = subprocess.run(command, env=proxy.environment(), check=False).returncode
            return status if status >= 0 else 128 - status  # killed by a signal, as shells tell it
        except OSError as error:
            interrupts.complain(f"{_NAME}: {command[0]}: {error.strerror}; name a program that is installed")
            return 2
    for name, value in proxy.variables().items():
        print(f"export {name}={value}", flush=True)
    with interrupts.listening(at_once=True):  # also in the background, where shells have Ctrl-C ignored
        _say("serving until Ctrl-C")
        while True:
            threading.Event().wait(3600)


def _say(text: str) -> None:
    interrupts.complain(f"{_NAME}: {text}")
