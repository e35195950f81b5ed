"""The grammar of the commands that look at what there is: list, show, catalog, new, serve."""

from __future__ import annotations

import argparse
from typing import Any

from convergence.cli.values import SECTIONS, file, port, section, target

KINDS = ("pathwise", "expectation", "exact", "rate", "floor", "separation", "identity")
VERDICTS = ("CONSISTENT", "REFUTED", "INCONCLUSIVE", "INAPPLICABLE")
TARGET = (
    "a slug, a glob such as 'galore-*', a FILE.py with a CLAIMS tuple, or a DIR of such files; "
    "without one: the registry and ./counterexamples"
)


def list_grammar(add: argparse.ArgumentParser) -> None:
    """All claims with the verdicts they expect."""
    add.add_argument("targets", nargs="*", metavar="TARGET", type=target, help=TARGET)
    add.add_argument(
        "--about", metavar="METHOD", help="only those about an optimizer: adam, sgd, …"
    )
    for name, choices, what in (
        ("family", None, "of this family, as subspace"),
        ("kind", KINDS, "judged like this"),
        ("provenance", ("printed", "recalled", "derived", "conjectured"), "known like this"),
        ("verdict", VERDICTS, "expected to have this verdict"),
        ("theorem", None, "about this theorem, as SGDNonconvex"),
    ):
        shown: dict[str, Any] = {"choices": choices} if choices else {"metavar": name.upper()}
        add.add_argument(f"--{name}", help=f"only claims {what}", **shown)
    add.add_argument("--json", action="store_true", help="print a JSON array")


def show_grammar(add: argparse.ArgumentParser) -> None:
    """One claim: statement, source, instance, parameters."""
    add.add_argument("targets", nargs="+", metavar="TARGET", type=target, help=TARGET)
    add.add_argument("--json", action="store_true", help="print a JSON array")


def catalog_grammar(add: argparse.ArgumentParser) -> None:
    """Problems, noises, metrics, assumptions: what claims are made of."""
    add.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        type=section,
        help=f"of {', '.join(SECTIONS)}; all without one",
    )
    add.add_argument(
        "--certifies", metavar="NAME", help="only what certifies this constant: L, G, sigma_p, …"
    )
    add.add_argument("--json", action="store_true", help="print a JSON object")


def new_grammar(add: argparse.ArgumentParser) -> None:
    """A file to begin with, which runs as it is."""
    add.add_argument("file", type=file, metavar="FILE.py", help="a file that does not exist yet")
    add.add_argument(
        "--kind",
        choices=("claim", "algorithm", "optax", "torch", "rate"),
        default="claim",
        help="a known theorem on an instance of your own (claim), a method and theorem of your "
        "own, an optimizer of optax or torch against a bound, or a method without a theorem (rate)",
    )


def serve_grammar(add: argparse.ArgumentParser) -> None:
    """A page to explore statements on: sliders, runs, verdict."""
    add.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        type=target,
        help="claims to choose from, the first to begin with: slugs, globs, files or folders; "
        "without one: all, from SGD's",
    )
    add.add_argument("--port", type=port, default=0, metavar="P", help="one that is free (0)")
    add.add_argument("--open", action="store_true", help="open a browser too")
    add.add_argument(
        "--json", action="store_true", help="print what the page shows first; serve nothing"
    )
