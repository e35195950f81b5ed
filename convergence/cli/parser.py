"""The grammar of the command line, with checks that need no JAX."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from convergence import __version__
from convergence.cli.audit_grammar import add_audit
from convergence.cli.environment import cores

TIERS = ("quick", "standard", "full")


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

    add = commands.add_parser("list", help="all claims with the verdicts they expect")
    add.add_argument("targets", nargs="*", metavar="TARGET", type=target, help=TARGET)
    add.add_argument("--json", action="store_true", help="print a JSON array")

    add = commands.add_parser("show", help="one claim: statement, source, instance, parameters")
    add.add_argument("targets", nargs="+", metavar="TARGET", type=target, help=TARGET)
    add.add_argument("--json", action="store_true", help="print a JSON array")

    add = commands.add_parser("verify", help="run claims and judge them")
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
    add.add_argument("--dtype", choices=("float32", "float64"), default="float64")
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
        "--figures", action="store_true", help="draw all figures into DIR/figures before the table"
    )
    add.add_argument(
        "--jobs",
        type=jobs,
        metavar="J",
        default=cores() + 1,  # one may be writing its record
        help="claims at a time (one more than cores)",
    )

    add = commands.add_parser("falsify", help="search for an instance that violates a claim")
    add.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        type=target,
        help=f"{TARGET.split(';')[0]}; without one: all that is expected to be CONSISTENT",
    )
    add.add_argument(
        "--budget", type=budget, metavar="SECONDS", default=60.0, help="time for all claims (60)"
    )
    add.add_argument("--seed", type=seed, metavar="S", default=0, help="root of the search (0)")
    add.add_argument(
        "--alpha",
        type=alpha,
        metavar="A",
        default=1e-3,
        help="error probability of any find (1e-3)",
    )
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results/violations"),
        help="where a violation is kept as a module (results/violations)",
    )

    add = commands.add_parser("figures", help="draw the figures of papers and of stored reports")
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
        "--results",
        type=Path,
        metavar="DIR",
        default=Path("results"),
        help="where `verify` kept its reports (results)",
    )

    add = commands.add_parser("report", help="one HTML page from the JSON of a run")
    add.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        default=Path("results/report.json"),
        help="what `verify --json FILE` wrote (results/report.json)",
    )
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results/report"),
        help="where index.html goes: a new folder, or one with such a page (results/report)",
    )

    add_audit(commands, file, folder, jobs, budget)

    add = commands.add_parser("reproduce", help="run a random sample of a certificate again")
    add.add_argument("file", type=Path, metavar="FILE", help="what `verify --certificate` wrote")
    add.add_argument("--sample", type=jobs, metavar="N", default=10, help="how many claims (10)")
    add.add_argument("--seed", type=seed, metavar="S", help="of the sample; a new one without it")
    return top


TARGET = (
    "a slug, a glob such as 'galore-*', a FILE.py with a CLAIMS tuple, or a DIR of such files; "
    "without one: the registry and ./counterexamples"
)


def is_path(text: str) -> bool:
    """Whether a target names a file or folder rather than a slug."""
    return text.endswith(".py") or os.sep in text or os.path.isdir(text)


def target(text: str) -> str:
    """A slug or glob as given, or a path that exists."""
    if is_path(text) and not os.path.exists(text):
        raise argparse.ArgumentTypeError(f"there is no file or folder {text!r}; check the path")
    return text


def seeds(text: str) -> int:
    """At least two: a spread needs two runs."""
    return _whole(text, 2, "a number of seeds")


def seed(text: str) -> int:
    """A root for the keys, between 0 and 2³² − 1."""
    found = _whole(text, 0, "a seed")
    if found >= 2**32:
        raise argparse.ArgumentTypeError(f"got {text}, but a seed below 2**32 is needed")
    return found


def jobs(text: str) -> int:
    """At least one."""
    return _whole(text, 1, "a number")


def _whole(text: str, least: int, what: str) -> int:
    try:
        found = int(text)
    except ValueError:
        found = least - 1
    if found < least:
        raise argparse.ArgumentTypeError(f"got {text!r}, but {what} of at least {least} is needed")
    return found


def alpha(text: str) -> float:
    """A probability strictly between 0 and 1."""
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 0 < found < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, but 0 < alpha < 1 is needed; try 1e-3")
    return found


def budget(text: str) -> float:
    """A time in seconds, positive and finite."""
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text!r}, but a time of more than 0 s is needed")
    return found


def file(text: str) -> Path:
    """A file that can be written; `-` is the standard output."""
    path = Path(text)
    if text == "-":
        return path
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder; name a file in it")
    return _writable(path, path.parent)


def certificate(text: str) -> Path:
    """A file in JSON, since its badge goes beside it."""
    if Path(text).suffix != ".json":
        raise argparse.ArgumentTypeError(f"got {text!r}, but a name that ends in .json is needed")
    return file(text)


def folder(text: str) -> Path:
    """A folder that can be written or made."""
    path = Path(text)
    return _writable(path, path)


def _writable(path: Path, place: Path) -> Path:
    """`path`, if `place`, or the nearest folder above it that exists, can be written."""
    at = place.absolute()
    while not at.exists():
        at = at.parent
    if not (at.is_dir() and os.access(at, os.W_OK | os.X_OK)):
        raise argparse.ArgumentTypeError(f"{str(path)!r} cannot be written; choose another place")
    return path
