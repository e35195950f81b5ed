"""What each command does once its arguments are sound."""

from __future__ import annotations

from argparse import Namespace

from convergence.cli.environment import keep_programs, prepare
from convergence.errors import require


def list(arguments: Namespace) -> int:
    """All claims: slug, family, kind, theorem, provenance, expected verdict."""
    prepare()
    from convergence.cli.listing import overview

    return overview(arguments)


def show(arguments: Namespace) -> int:
    """Everything about one claim that can be said without running it."""
    prepare()
    from convergence.cli.showing import details

    return details(arguments)


def catalog(arguments: Namespace) -> int:
    """What claims are made of."""
    prepare()
    from convergence.cli.catalog import run

    return run(arguments)


def serve(arguments: Namespace) -> int:
    """A page to explore statements on."""
    prepare()
    from convergence.cli.exploring import serve

    return serve(arguments)


def new(arguments: Namespace) -> int:
    """Write a template."""
    from convergence.cli.beginning import begin

    return begin(arguments)


def verify(arguments: Namespace) -> int:
    """Run claims, judge them, and keep what was found."""
    if arguments.programs is not None:
        where = f"--programs beside --on {arguments.on}"
        require(arguments.on is None, where, "processes of this machine", "leave one of them out")
        keep_programs(arguments.programs)
    prepare()
    from convergence.cli.verify import run

    return run(arguments)


def collect(arguments: Namespace) -> int:
    """Join what shards measured, and judge all of it."""
    prepare()
    from convergence.cli.collect import collect

    return collect(arguments)


def figures(arguments: Namespace) -> int:
    """Draw the figures of papers and of stored reports."""
    prepare()
    from convergence.cli.drawing import draw

    return draw(arguments)


def report(arguments: Namespace) -> int:
    """Make a page of the JSON of a run."""
    prepare()
    from convergence.cli.publishing import report

    return report(arguments)


def prove(arguments: Namespace) -> int:
    """Prove pathwise statements violated."""
    prepare()
    from convergence.cli.prove import prove

    return prove(arguments)


def reproduce(arguments: Namespace) -> int:
    """Run a random sample of a certificate again, or all of a file of proofs."""
    prepare()
    from convergence.report.proved import holds_proofs

    if holds_proofs(arguments.file):
        from convergence.cli.prove import again

        return again(arguments)
    from convergence.cli.publishing import reproduce

    return reproduce(arguments)


def falsify(arguments: Namespace) -> int:
    """Search for an instance that violates a claim."""
    prepare()
    from convergence.cli.falsify import search

    return search(arguments)


def worst_case(arguments: Namespace) -> int:
    """Solve for the exact worst case of methods."""
    prepare()
    from convergence.cli.worst import run

    return run(arguments)


def plan(arguments: Namespace) -> int:
    """Say how many seeds a verdict needs."""
    prepare()
    from convergence.cli.planning import plan

    return plan(arguments)


def rate(arguments: Namespace) -> int:
    """Fit a law to the means over horizons, and try to break it."""
    prepare()
    from convergence.cli.rate import run

    return run(arguments)


def records(arguments: Namespace) -> int:
    """Push records to a place, or pull and examine those of others."""
    prepare()
    from convergence.cli.sharing import move

    return move(arguments)


def audit(arguments: Namespace) -> int:
    """Ask released optimizers the laws of optimizers."""
    prepare()
    from convergence.cli.audit import run

    return run(arguments)


def score(arguments: Namespace) -> int:
    """AlgoPerf's score of solvers from their times to target."""
    from convergence.cli.score import score

    return score(arguments)
