"""`convergence audit`: released optimizers against laws of optimizers."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from convergence.audit.asking import chosen
from convergence.audit.cells import Audit, Outcome
from convergence.audit.compare import changes
from convergence.audit.document import Kept, document, read
from convergence.audit.families import FAMILIES
from convergence.audit.find import split, version
from convergence.audit.page import build, sign
from convergence.audit.pool import Job, Worker, blank, listed, many
from convergence.audit.proved import method, proved
from convergence.audit.references import ALL as REFERENCES
from convergence.cli.audit_certificate import as_reports, certificate
from convergence.cli.streams import print_json
from convergence.cli.table import WIDTH
from convergence.errors import InvalidInput, require
from convergence.files import write_json, write_whole
from convergence.report.certificate import write as publish


def run(arguments: Namespace) -> int:
    """Audit the targets; see `audit_grammar` for the exit codes."""
    if arguments.list:
        return overview()
    require(arguments.targets, "no target", "an optimizer", "try `convergence audit optax:adam`")
    require(
        arguments.family is None or arguments.family in FAMILIES,
        f"--as {arguments.family!r}", "a family", f"choose from {', '.join(FAMILIES)}",
    )  # fmt: skip
    laws = None if arguments.laws is None else tuple(arguments.laws.split(","))
    columns = chosen(laws, arguments.like)
    if arguments.like is not None and ":" in arguments.like:
        expanded([arguments.like])  # or a sentence
    earlier = None if arguments.against is None else read(arguments.against)
    named, targets, failed = expanded(arguments.targets)
    options = dict(arguments.options)
    jobs = [
        Job(t, options, arguments.family, laws, arguments.like, arguments.every) for t in targets
    ]
    to_stdout = arguments.json is not None and str(arguments.json) == "-"
    console = Console(stderr=to_stdout)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    began = time.perf_counter()
    found, wrong = asked(console, arguments, jobs)
    rows = [found[job.target] for job in jobs if job.target in found]
    rows += [dataclasses.replace(blank(Job(t)), error=why) for t, why in failed.items()]
    more = repeating(arguments)
    whole = document(rows, arguments.like, targets, time.perf_counter() - began, more)
    if to_stdout:
        print_json(whole)
    elif arguments.json is not None:
        written(wrong, "--json", lambda: write_json(arguments.json, whole))
    if arguments.reports is not None:
        made = as_reports(rows, arguments.like)
        written(wrong, "--reports", lambda: write_json(arguments.reports, made))
    if arguments.certificate is not None and any(row.cells for row in rows):
        signed = certificate(rows, arguments)
        written(wrong, "--certificate", lambda: publish(arguments.certificate, signed))
    if arguments.page is not None:
        page = build(whole).encode(errors="replace")
        written(wrong, "--page", lambda: write_whole(arguments.page, page))
    table(console, rows, [law.id for law in columns])
    told(console, rows, {law.id: law.title for law in columns}, more)
    if earlier is not None:
        different = changes(whole, earlier)
        console.print(f"\nagainst {arguments.against}: {len(different)} changes", highlight=False)
        for line in different:
            say(console, f"  {line}")
    unfit = {r.target: r.error for r in rows if r.error and r.target in named | failed.keys()}
    for row in rows:
        beside = next((cell for cell in row.cells if cell.law == "P"), None)
        if row.target in named and beside is not None and beside.outcome is Outcome.CANNOT:
            unfit[f"{row.target} beside {arguments.like}"] = beside.detail
    for target, why in unfit.items():
        say(console, f"{target} cannot be run: {why}")
    for target, error in wrong.items():
        say(console, f"{target}: {error}")
    if wrong or unfit:
        return 2
    return int(any(row.broken for row in rows))


def written(wrong: dict[str, str], option: str, action: Callable[[], None]) -> None:
    """Write a file, or note what is wrong: the table follows all the same."""
    try:
        action()
    except OSError as error:
        wrong[option] = str(error)


def expanded(given: list[str]) -> tuple[set[str], list[str], dict[str, str]]:
    """The targets that were named exactly, all of them once, and what is wrong with others.

    A package that cannot be imported does not end the audit of the others.
    """
    worker, named, found, failed = Worker(), set(), {}, {}
    try:
        for target in given:
            try:
                names = listed(worker, target)
            except InvalidInput as error:
                if len(given) == 1:
                    raise
                failed[target] = str(error)
                continue
            if not any(mark in target for mark in "*?[") and ":" in target:
                named |= set(names)
            found |= dict.fromkeys(names)
    finally:
        worker.end()
    return named, list(found), failed


def asked(
    console: Console, arguments: Namespace, jobs: list[Job]
) -> tuple[dict[str, Audit], dict[str, str]]:
    """Every job's row, from the shelf or asked anew; and what is wrong with the others."""
    shelf, rows, wrong = Kept(arguments.out), {}, {}
    numbers = {job.target: version(split(job.target)[0]) for job in jobs}
    if not arguments.fresh:
        for job in jobs:
            if (row := shelf.fetch(job, numbers[job.target])) is not None:
                rows[job.target] = row
    left = [job for job in jobs if job.target not in rows]
    with screen(console, len(jobs)) as advance:
        advance(len(rows), "")
        law, whole = arguments.time, 4 * arguments.time
        for job, row in many(left, arguments.jobs, law, whole):
            if isinstance(row, Audit):
                rows[job.target] = row
                try:
                    shelf.keep(job, numbers[job.target], row)
                except OSError as error:
                    wrong["--out"] = str(error)
            elif isinstance(row, InvalidInput):
                wrong[job.target] = str(row)
            else:
                raise row
            advance(1, job.target)
    return rows, wrong


@contextlib.contextmanager
def screen(console: Console, total: int) -> Any:
    """A function that advances a bar, which exists only where somebody looks."""
    if not console.is_terminal:
        yield lambda count, name: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        task = bars.add_task("audit", total=total)
        yield lambda count, name: bars.update(task, advance=count, description=name or "audit")


def say(console: Console, line: str, **style: Any) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True, **style)


def table(console: Console, rows: list[Audit], ids: list[str]) -> None:
    """A row an optimizer, a sign a law; the ids of the laws are read downwards."""
    width = max([len(row.target) for row in rows] + [9])
    families = max([len(row.family) for row in rows] + [6])
    tall = max(map(len, ids))
    for i in range(tall):
        say(console, " " * (width + families + 4) + "".join(n.ljust(tall)[i] for n in ids))
    for row in rows:
        signs = {cell.law: sign(cell) for cell in row.cells}
        marks = "".join(signs.get(name, " ") for name in ids) if not row.error else "cannot be run"
        say(console, f"{row.target:{width}}  {row.family:{families}}  {marks}")
    legend = (
        "✓ keeps  ✗ breaks, promised  × breaks, not promised  · not asked  ? open  ! cannot run"
    )
    say(console, f"\n{legend}", style="dim")


def repeating(arguments: Namespace) -> list[str]:
    """What of the command line, beside targets and laws, decides a cell."""
    given = [("--like", arguments.like), ("--as", arguments.family)]
    given += [("--every", str(arguments.every))] if arguments.every > 1 else []
    given += [("--set", f"{name}={value!r}") for name, value in arguments.options]
    return [word for name, value in given if value is not None for word in (name, value)]


def told(console: Console, rows: list[Audit], titles: dict[str, str], more: list[str]) -> None:
    """A sentence for every promise that is broken, and for few optimizers for all the rest, with
    the command that repeats it."""
    few = len(rows) <= 3
    for row in rows:
        arguments = ", ".join(f"{k}={v!r}" for k, v in row.options.items())
        under = f"under {arguments}" if arguments else "under its defaults"
        for cell in row.cells:
            law = f"law {cell.law} ({titles[cell.law]})"
            if cell.broken or (few and cell.outcome is Outcome.BREAKS):
                weak = "" if cell.promised else ", which its family does not promise,"
                say(console, f"{row.target} differs from {law}{weak} {under}: {cell.detail}")
                if few:
                    words = ["convergence", "audit", row.target, "--laws", cell.law, *more]
                    say(console, f"  {shlex.join(words)}", style="dim")
            elif few and cell.outcome is Outcome.CANNOT:
                say(console, f"{row.target}: {law} cannot be run: {cell.detail}")
        if few:
            for note in row.notes:
                say(console, f"{row.target}: {note}")
            if known := proved(row.name, row.family):
                word = method(row.name, row.family)
                say(console, f"{row.target}: {len(known)} theorems about it: `convergence list "
                    f"--about {word}`")  # fmt: skip
            for key, value in row.measured.items():
                say(console, f"{row.target}: measured {key}: {value}")


def overview() -> int:
    """All laws, families and references."""
    for law in chosen(None):
        who = "everyone" if law.everyone else "some"
        print(f"{law.id:6} {law.title:28} {who:9} {first(law.test.__doc__)}"[:WIDTH])
    print(f"\nfamilies: {', '.join(FAMILIES)}\n\nreferences: {', '.join(REFERENCES)}")
    return 0


def first(text: str | None) -> str:
    """The first line of a docstring."""
    return (text or "").split("\n")[0]
