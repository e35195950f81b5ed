"""The grammar of the commands about long runs and many of them: records, plan, rate, worst-case."""

from __future__ import annotations

import argparse
from pathlib import Path

from convergence.cli.looking import TARGET
from convergence.cli.values import (
    alpha,
    budget,
    file,
    folder,
    jobs,
    ratio,
    seed,
    seeds,
    target,
    wait,
)
from convergence.tiers import TIERS


def records_grammar(add: argparse.ArgumentParser) -> None:
    """Share measured records: push them to a place, pull and examine those of others."""
    add.add_argument("way", choices=("push", "pull"), help="to the place, or from it")
    add.add_argument("place", metavar="PLACE", help="a folder, or an address such as s3://…")
    add.add_argument("targets", nargs="*", metavar="TARGET", type=target, help=TARGET)
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results"),
        help="the store here (results)",
    )
    add.add_argument(
        "--sample",
        type=jobs,
        metavar="N",
        default=10,
        help="how many records that come are run again in part (10)",
    )
    add.add_argument("--seed", type=seed, metavar="S", help="of the sample; a new one without it")
    add.add_argument("--json", type=file, metavar="FILE", help="write what was moved")


def plan_grammar(add: argparse.ArgumentParser) -> None:
    """How many seeds and which horizons a verdict needs, and what they cost here."""
    add.add_argument("targets", nargs="+", metavar="TARGET", type=target, help=TARGET)
    add.add_argument(
        "--power", type=ratio, default=1.05, metavar="C", help="the smallest overstatement of the "
        "constant that is to be caught (1.05)",
    )  # fmt: skip
    add.add_argument(
        "--budget", type=budget, default=600.0, metavar="TIME", help="what is reached in it: 60, "
        "10m (10m)",
    )  # fmt: skip
    add.add_argument("--tier", choices=TIERS, default="quick", help="whose horizons (quick)")
    add.add_argument("--seed", type=seed, metavar="S", default=0, help="root of all keys (0)")
    add.add_argument(
        "--alpha", type=alpha, metavar="A", default=1e-3, help="as for `verify` (1e-3)"
    )
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results"),
        help="where `verify` keeps records, which serve as pilots (results)",
    )
    add.add_argument("--json", type=file, metavar="FILE", help="write the plans")


def rate_grammar(add: argparse.ArgumentParser) -> None:
    """Which exponent and constant a method shows, as a conjecture that is searched for breaks."""
    add.add_argument("targets", nargs="+", metavar="TARGET", type=target, help=TARGET)
    add.add_argument(
        "--horizons", type=jobs, nargs="+", metavar="T", help="four or more (8 16 … 1024)"
    )
    add.add_argument("--seeds", type=seeds, metavar="N", help="runs a horizon, at least 2")
    add.add_argument("--seed", type=seed, metavar="S", default=0, help="root of all keys (0)")
    add.add_argument(
        "--alpha", type=alpha, metavar="A", default=1e-3, help="chance that the limits of a claim "
        "or its search err (1e-3)",
    )  # fmt: skip
    add.add_argument(
        "--budget", type=wait, metavar="TIME", default=30.0, help="for all searches: 60, 10m; 0: "
        "none (30)",
    )  # fmt: skip
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results/conjectures"),
        help="where conjectures, and what broke them, are kept as modules (results/conjectures)",
    )
    add.add_argument("--json", action="store_true", help="print JSON in place of words")


def worst_case_grammar(add: argparse.ArgumentParser) -> None:
    """The exact worst case of a method beside what was measured and the theorem."""
    add.add_argument("targets", nargs="+", metavar="TARGET", type=target, help=TARGET)
    add.add_argument(
        "--horizons", type=jobs, nargs="+", metavar="T", default=[1, 3, 7], help="T ≤ 20 (1 3 7)"
    )
    add.add_argument(
        "--kappas",
        type=ratio,
        nargs="+",
        metavar="K",
        default=[None],
        help="condition numbers in place of the instance's own, for strongly convex quadratics",
    )
    add.add_argument(
        "--limit", type=budget, metavar="S", default=120.0, help="seconds a solution may take (120)"
    )
    add.add_argument(
        "--figure",
        type=file,
        metavar="FILE",
        help="draw all three against T, and against κ: FILE.svg, .pdf, .png and .csv",
    )
    add.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        default=Path("results/worst_cases"),
        help="where worst instances of one variable are kept as claims (results/worst_cases)",
    )
