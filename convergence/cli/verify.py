"""`convergence verify`: run claims, judge them, and keep what was found."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from convergence.claims.base import AbstractClaim
from convergence.claims.notary import Notary
from convergence.claims.report import SCHEMA, Report
from convergence.claims.settings import Settings
from convergence.cli.drawing import after_a_run
from convergence.cli.environment import provenance
from convergence.cli.gather import announcement, gather, sharers
from convergence.cli.pool import Outcome, Stopped
from convergence.cli.pools import pool_of
from convergence.cli.remote import NotRun
from convergence.cli.streams import print_json
from convergence.cli.table import close, line, speaker
from convergence.errors import told
from convergence.files import write_json
from convergence.keys import slug_seed
from convergence.report.certificate import certify, write
from convergence.store import Store


def run(arguments: Namespace) -> int:
    """Verify the targets; see `convergence.cli` for the exit codes."""
    claims = gather(arguments.targets)
    shared = len(claims) if arguments.alone else sharers(arguments.targets, claims)
    return judge(arguments, part(claims, arguments.shard), shared)


def part(claims: Sequence[AbstractClaim], shard: tuple[int, int] | None) -> list[AbstractClaim]:
    """The claims of shard i of n, by a hash of the slug: whatever else is run, a claim stays
    where it is."""
    if shard is None:
        return list(claims)
    i, n = shard
    return [claim for claim in claims if slug_seed(claim.slug) % n == i - 1]


def judge(
    arguments: Namespace,
    claims: Sequence[AbstractClaim],
    shared: int,
    absent: Sequence[dict[str, str]] = (),
) -> int:
    """Verify claims at their share of alpha among `shared`, and write what was asked for; `absent`
    says of others why they are not among them."""
    settings = Settings(
        tier=arguments.tier,
        seed=arguments.seed,
        alpha=arguments.alpha,
        claims=shared,
        seeds=arguments.seeds,
        dtype=arguments.dtype,
        rng=arguments.rng,
    )
    store, about = Store(arguments.out), {**provenance(arguments), "shared": shared}
    witness = Notary(store)
    to_stdout = arguments.json is not None and str(arguments.json) == "-"
    console = speaker(to_stdout)
    if not claims:
        console.print("no claim falls into this shard")
    reports: list[Report] = []
    errors = list(absent)
    if not arguments.targets and not arguments.quiet:
        console.print(announcement(claims, arguments.tier, arguments.out), highlight=False)
    interrupted, began = False, time.perf_counter()
    with screen(console, arguments.quiet, len(claims)) as watch:

        def take(claim: AbstractClaim, outcome: Outcome) -> None:
            if isinstance(outcome, Report):
                reports.append(outcome)
                watch.say(line(outcome))
                try:
                    store.save_report(claim.slug, {"run": about, **outcome.to_json()})
                except OSError as error:
                    errors.append({"slug": claim.slug, "error": told(error)})
            elif not isinstance(outcome, Stopped):
                what = "not run" if isinstance(outcome, NotRun) else "could not be judged"
                errors.append({"slug": claim.slug, "error": f"{what}: {told(outcome)}"})
                watch.say(f"! {claim.slug}: {what}: {told(outcome)}")
                if arguments.debug:
                    traceback.print_exception(outcome)
            watch.finish(claim)

        pool = pool_of(arguments, claims, settings, witness, watch.tell)
        try:
            for claim, outcome in pool:
                take(claim, outcome)
        except KeyboardInterrupt:
            interrupted = True
            for claim, outcome in pool.stop():
                take(claim, outcome)
        finally:
            pool.close()
    if store.unwritten:
        first, more = store.unwritten[0], len(store.unwritten) - 1
        errors.append({"slug": "--out", "error": first + f"; and {more} more" * (more > 0)})
    place = {claim.slug: index for index, claim in enumerate(claims)}
    reports.sort(key=lambda report: place[report.slug])
    finish(console, arguments, about, reports, errors, len(claims), interrupted, began)
    if arguments.certificate is not None and len(reports) == len(claims):
        write(arguments.certificate, certify({**about, "asked": len(claims)}, reports, witness))
    elif arguments.certificate is not None:
        console.print(f"no certificate: {len(reports)} of {len(claims)} claims were judged")
    if interrupted:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)  # threads may still be inside XLA, and nobody waits for them
    return 2 if errors else int(any(not r.expected for r in reports))


def finish(
    console: Console,
    arguments: Namespace,
    about: dict[str, Any],
    reports: list[Report],
    errors: list[dict[str, str]],
    asked: int,
    interrupted: bool,
    began: float,
) -> None:
    """The JSON, the figures if asked for, then the table."""
    took = time.perf_counter() - began
    if arguments.json is not None:
        document = {
            "schema": SCHEMA,
            "run": {**about, "asked": asked, "interrupted": interrupted, "seconds": round(took, 3)},
            "claims": [r.to_json() for r in reports],
            "errors": errors,
        }
        if str(arguments.json) == "-":
            print_json(document)
        else:
            try:
                write_json(arguments.json, document)
            except OSError as error:
                errors.append({"slug": "--json", "error": told(error)})
    if arguments.figures and not interrupted:
        named = {r.slug for r in reports} if arguments.targets else ()
        n = after_a_run(arguments.out, arguments.out / "figures", arguments.jobs, named)
        if n:
            errors.append({"slug": "--figures", "error": f"{n} could not be drawn"})
    close(console, reports, arguments.quiet, took)
    for entry in errors:
        console.print(
            f"{entry['slug']}: {entry['error']}",
            style="bold red",
            markup=False,
            highlight=False,
        )
    if interrupted:
        console.print(f"interrupted: {len(reports)} of {asked} claims were finished and kept")


class Watch:
    """Progress for the eye on a terminal, one line a claim elsewhere, nothing if quiet."""

    def __init__(self, console: Console, quiet: bool, bars: Progress | None, total: int):
        self.console, self.quiet, self.bars = console, quiet, bars
        self.tasks: dict[str, Any] = {}
        self.all = bars.add_task("claims", total=total) if bars else None

    def tell(self, claim: AbstractClaim, runs: int, total: int) -> None:
        """So many of the claim's runs are done."""
        if self.bars is None:
            return
        if claim.slug not in self.tasks:
            self.tasks[claim.slug] = self.bars.add_task(claim.slug, total=total)
        self.bars.update(self.tasks[claim.slug], completed=runs)

    def say(self, text: str) -> None:
        """A line about a finished claim; on a terminal the table will have it."""
        if not self.quiet and self.bars is None:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def finish(self, claim: AbstractClaim) -> None:
        """The claim needs no bar any more."""
        if self.bars is not None and self.all is not None:
            if claim.slug in self.tasks:
                self.bars.remove_task(self.tasks.pop(claim.slug))
            self.bars.advance(self.all)


@contextlib.contextmanager
def screen(console: Console, quiet: bool, total: int) -> Any:
    """A `Watch`, with live bars on a terminal."""
    if quiet or not console.is_terminal:
        yield Watch(console, quiet, None, total)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        yield Watch(console, quiet, bars, total)
