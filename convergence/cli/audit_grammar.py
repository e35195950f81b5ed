"""The grammar of `convergence audit`."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convergence.cli.values import certificate
from convergence.workers import cores

TARGET = (
    "MODULE:NAME of an optimizer, a glob such as 'optax:*', FILE.py:NAME, or FILE.py for all in it"
)


def add_audit(
    commands: Any,
    file: Callable[[str], Path],
    folder: Callable[[str], Path],
    jobs: Any,
    budget: Any,
) -> None:
    """The command and its options; the types of files and numbers are the command line's."""
    add = commands.add_parser(
        "audit",
        help="released optimizers against laws of optimizers",
        epilog="exit code: 0 no optimizer breaks a law that its family promises, 1 one does, "
        "2 bad usage, or an optimizer that was named cannot be run",
    )
    add.add_argument("targets", nargs="*", metavar="TARGET", help=TARGET)
    add.add_argument(
        "--like", metavar="NAME", help="a reference (adam) or MODULE:NAME whose path it must take"
    )
    add.add_argument("--as", dest="family", metavar="FAMILY", help="whose promises it is held to")
    add.add_argument(
        "--set",
        dest="options",
        action="append",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="an argument in place of its default; may be given again",
    )
    add.add_argument(
        "--every", type=jobs, metavar="K", default=1, help="calls that make one step (1)"
    )
    add.add_argument("--laws", metavar="ID,ID", help="these laws only; --list names them")
    add.add_argument("--list", action="store_true", help="name all laws, families and references")
    add.add_argument("--json", type=file, metavar="FILE", help="write the audit; - prints it")
    add.add_argument(
        "--reports", type=file, metavar="FILE", help="write each cell as the report of a claim, as "
        "`verify --json` does"
    )  # fmt: skip
    add.add_argument(
        "--certificate", type=certificate, metavar="FILE.json",
        help="write a certificate for `convergence reproduce`, and its badge as FILE.svg",
    )  # fmt: skip
    add.add_argument("--page", type=file, metavar="FILE.html", help="write the matrix as a page")
    add.add_argument(
        "--against", type=Path, metavar="FILE", help="what changed since an audit written by --json"
    )
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results/audit"),
        help="where finished rows are kept, so that a killed audit resumes (results/audit)",
    )
    add.add_argument("--fresh", action="store_true", help="ask again what is kept there")
    add.add_argument("--jobs", type=jobs, metavar="J", default=cores(), help="at a time (cores)")
    add.add_argument(
        "--time", type=budget, metavar="SECONDS", default=60.0, help="for one law (60); the whole "
        "of an optimizer gets four times as long"
    )  # fmt: skip


def setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE with a Python literal, or a word."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"got {text!r}, but NAME=VALUE is needed, as lr=1e-3")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        word = value.strip().lstrip("+-").lower()
        return name, float(value) if word in ("nan", "inf", "infinity") else value
