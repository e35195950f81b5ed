"""The grammar of the command line, with checks that need no JAX."""

from __future__ import annotations

import argparse
from pathlib import Path

from convergence import __version__
from convergence.cli.audit_grammar import add_audit
from convergence.cli.looking import (
    TARGET,
    catalog_grammar,
    list_grammar,
    new_grammar,
    serve_grammar,
    show_grammar,
)
from convergence.cli.values import (
    alpha,
    budget,
    certificate,
    file,
    folder,
    jobs,
    ratio,
    scheduler,
    seed,
    seeds,
    shard,
    target,
)
from convergence.cli.wide_grammar import (
    plan_grammar,
    rate_grammar,
    records_grammar,
    worst_case_grammar,
)
from convergence.tiers import GENERATORS, TIERS
from convergence.workers import cores


def parser() -> argparse.ArgumentParser:
    """The argument parser; bad values leave with exit code 2 and one sentence."""
    top = argparse.ArgumentParser(
        prog="convergence",
        description="Take convergence theorems at their word: run the algorithm, judge the bound.",
        epilog="exit code: 0 every verdict is the expected one, 1 some is not, 2 bad usage or "
        "input, 130 interrupted",
    )
    top.add_argument("--version", action="version", version=f"convergence-lab {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    verbs = (
        list_grammar, show_grammar, catalog_grammar, serve_grammar, new_grammar, _verify, _collect,
        _falsify, _prove, _figures, _report, _reproduce, records_grammar,
    )  # fmt: skip
    for grammar in (*verbs, plan_grammar, rate_grammar, worst_case_grammar, _score):
        what = str(grammar.__doc__).rstrip(".")
        name = grammar.__name__.removeprefix("_").removesuffix("_grammar").replace("_", "-")
        grammar(commands.add_parser(name, help=what[0].lower() + what[1:]))
    for name in ("new", "figures", "report", "reproduce", "worst-case", "score"):
        words = "print JSON in place of words (docs/json.md)"
        commands.choices[name].add_argument("--json", action="store_true", help=words)
    add_audit(commands, file, folder, jobs, budget)
    for command in commands.choices.values():
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return top


def _verify(add: argparse.ArgumentParser) -> None:
    """Run claims and judge them."""
    add.add_argument("targets", nargs="*", metavar="TARGET", type=target, help=TARGET)
    add.add_argument("--tier", choices=TIERS, default="quick", help="how much to run (quick)")
    add.add_argument("--seeds", type=seeds, metavar="N", help="runs a horizon, at least 2")
    add.add_argument("--seed", type=seed, metavar="S", default=0, help="root of all keys (0)")
    add.add_argument(
        "--alpha",
        type=alpha,
        metavar="A",
        default=1e-3,
        help="error probability of the whole run, shared by its claims (1e-3)",
    )
    add.add_argument(
        "--alone",
        action="store_true",
        help="share alpha among these claims only, not among all that a whole run would judge",
    )
    add.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    _generator(add)
    add.add_argument(
        "--shard", type=shard, metavar="I/N", help="only part I of N, for `convergence collect`"
    )
    add.add_argument(
        "--on",
        type=scheduler,
        metavar="WHERE",
        help="run on processes of this machine (dask, local), a scheduler of dask (tcp://…) or "
        "slurm; judge here (docs/scale.md)",
    )
    add.add_argument(
        "--programs", type=folder, metavar="DIR", help="keep compiled programs, and find them again"
    )
    _outputs(add)


def _collect(add: argparse.ArgumentParser) -> None:
    """Join what shards of a run measured, and judge all of it."""
    add.add_argument(
        "folders", nargs="+", metavar="DIR", type=folder, help="of `verify --shard I/N --out DIR`"
    )
    add.add_argument(
        "--claims",
        dest="targets",
        nargs="*",
        default=[],
        metavar="TARGET",
        type=target,
        help="what the shards were run on, if not on everything",
    )
    _outputs(add)


def _outputs(add: argparse.ArgumentParser) -> None:
    add.add_argument(
        "--json", type=file, metavar="FILE", help="write the reports to FILE (docs/json.md)"
    )
    add.add_argument(
        "--certificate",
        type=certificate,
        metavar="FILE.json",
        help="write a certificate for `convergence reproduce`, and its badge as FILE.svg",
    )
    add.add_argument("--quiet", action="store_true", help="print unexpected verdicts only")
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results"),
        help="where records are kept and found again (results)",
    )
    add.add_argument(
        "--figures",
        action="store_true",
        help="draw figures into DIR/figures before the table: the papers', and of each TARGET",
    )
    add.add_argument(
        "--jobs",
        type=jobs,
        metavar="J",
        default=cores(),
        help="claims at a time, of a long run each in a process (cores)",
    )


def _generator(add: argparse.ArgumentParser) -> None:
    add.add_argument(
        "--rng", choices=GENERATORS, default=GENERATORS[0], help="the generator (philox)"
    )


def _falsify(add: argparse.ArgumentParser) -> None:
    """Search for an instance that violates a claim."""
    add.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        type=target,
        help=f"{TARGET.split(';')[0]}; without one: all that is expected to be CONSISTENT",
    )
    add.add_argument(
        "--budget", type=budget, metavar="TIME", default=60.0, help="for all claims: 60, 10m (60)"
    )
    add.add_argument(
        "--across",
        action="store_true",
        help="every theorem on every family of problems and noises, not on instances like its own",
    )
    add.add_argument("--seed", type=seed, metavar="S", default=0, help="root of the search (0)")
    add.add_argument(
        "--alpha", type=alpha, metavar="A", default=1e-3, help="chance of any false find (1e-3)"
    )
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results/violations"),
        help="where a violation is kept as a module (results/violations)",
    )
    add.add_argument(
        "--json", type=file, metavar="FILE", help="write what was found (docs/json.md)"
    )


def _figures(add: argparse.ArgumentParser) -> None:
    """Draw the figures of papers and of stored reports."""
    add.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="a script of paper_figures/, a slug or glob of a stored report, or `verdicts`; "
        "everything without one",
    )
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results/figures"),
        help="where SVG, PDF, PNG and CSV files go (results/figures)",
    )
    add.add_argument(
        "--for-paper",
        action="store_true",
        help="of each claim named, its bound against T and its runs against t, bare, in DIR/paper",
    )
    add.add_argument("--trust", action="store_true", help="run what a report names, wherever it is")
    add.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        default=Path("results"),
        help="where `verify` kept its reports (results)",
    )


def _report(add: argparse.ArgumentParser) -> None:
    """One HTML page from the JSON of a run."""
    add.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        default=Path("results/report.json"),
        help="what `verify --json FILE` wrote (results/report.json)",
    )
    add.add_argument(
        "later", nargs="?", type=Path, metavar="LATER", help="a later run, to say what has changed"
    )
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results/report"),
        help="where index.html goes: a new folder, or one with such a page (results/report)",
    )


def _prove(add: argparse.ArgumentParser) -> None:
    """Refute pathwise claims in ball arithmetic."""
    add.add_argument("targets", nargs="+", metavar="TARGET", type=target, help=TARGET)
    add.add_argument("--seed", type=seed, metavar="S", default=0, help="root of all keys (0)")
    add.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    _generator(add)
    add.add_argument(
        "--json", type=file, metavar="FILE", help="write the proofs for `convergence reproduce`"
    )


def _reproduce(add: argparse.ArgumentParser) -> None:
    """Run a random sample of a certificate again, or all of a file of proofs."""
    add.add_argument(
        "file", type=Path, metavar="FILE", help="of `verify --certificate` or `prove --json`"
    )
    add.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        type=target,
        help="files that the certificate is about; those that it names itself are not run unasked",
    )
    add.add_argument(
        "--trust", action="store_true", help="run files that it names below the working directory"
    )
    add.add_argument("--sample", type=jobs, metavar="N", default=10, help="how many claims (10)")
    add.add_argument("--seed", type=seed, metavar="S", help="of the sample; a new one without it")


def _score(add: argparse.ArgumentParser) -> None:
    """AlgoPerf's score of solvers from their times to target."""
    add.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a CSV of times, a solver a row and a workload a column, or with the columns "
        "submission, workload, study, trial, time; or what `verify --json` (each a solver: seconds "
        "to the expected verdict) or `audit --json` wrote (laws that are kept)",
    )
    add.add_argument("--r-max", type=ratio, default=4.0, metavar="R", help="what counts is below "
                     "R times the fastest (4)")  # fmt: skip
    add.add_argument(
        "--error", type=alpha, metavar="E", help="intervals and pairwise verdicts that err with "
        "this probability together, from repeated times",
    )  # fmt: skip
    add.add_argument(
        "--figure", type=file, metavar="FILE", help="draw the performance profiles: FILE.svg, .pdf,"
        " .png and .csv",
    )  # fmt: skip
