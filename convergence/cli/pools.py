"""Where claims are judged: in threads here, in processes here, or by workers that `--on` names."""

from __future__ import annotations

import itertools
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

import jax

from convergence.claims.base import AbstractClaim
from convergence.claims.notary import Notary
from convergence.cli.pool import Pool, Tell
from convergence.cli.remote import Remote
from convergence.cli.spawned import Spawned
from convergence.cluster.executors import executor
from convergence.cluster.groups import alike, cost, dealt, dearest
from convergence.cluster.task import Desk

LONG = 45.0  # seconds of a core from which processes of their own are worth their start
PIECE = 10.0  # seconds of a group that one of them takes: its programs are not compiled elsewhere


def pool_of(
    arguments: Namespace, claims: Sequence[AbstractClaim], settings: Any, shelf: Notary, tell: Tell
) -> Pool:
    """The pool for a run; claims that share programs are side by side in it."""
    where, jobs = getattr(arguments, "on", None), arguments.jobs
    claims = by_program(claims)
    if where is not None and claims:
        return _elsewhere(arguments, where, claims, settings, shelf, tell)
    long = sum(cost(claim, settings) for claim in claims) >= LONG
    # One process alone has a GPU to itself.
    if min(jobs, len(claims)) < 2 or not long or jax.default_backend() != "cpu":
        return Pool(claims, settings, shelf, jobs, tell)
    dealt_out = pieces(claims, settings)
    claims = [claim for piece in dealt_out for claim in piece]
    ends = itertools.accumulate(map(len, dealt_out), initial=0)
    groups = [list(range(a, b)) for a, b in itertools.pairwise(ends)]
    return Spawned(claims, settings, shelf, jobs, tell, groups)


def _elsewhere(
    arguments: Namespace,
    where: str,
    claims: Sequence[AbstractClaim],
    settings: Any,
    shelf: Notary,
    tell: Tell,
) -> Remote:
    jobs, desk = arguments.jobs, Desk(arguments.out)
    try:
        carrier = executor(where, jobs, desk.out / ".jobs", desk.environment)
    except BaseException:
        desk.close()
        raise
    if where == "local":
        groups = dealt(claims, settings, jobs)
    elif carrier.one_each:
        groups = [[k] for k in dearest(claims, settings)]
    else:
        groups = alike(claims, settings)
    return Remote(claims, settings, shelf, jobs, tell, groups, carrier, desk)


def by_program(claims: Sequence[AbstractClaim]) -> list[AbstractClaim]:
    """The claims of one paper side by side, and among them those of one theorem, since they often
    share a program."""
    first: dict[Any, int] = {}

    def place(claim: AbstractClaim) -> tuple[int, int]:
        kind = type(getattr(claim, "theorem", None))
        return first.setdefault(kind.__module__, len(first)), first.setdefault(kind, len(first))

    return sorted(claims, key=place)


def pieces(claims: Sequence[AbstractClaim], settings: Any) -> list[list[AbstractClaim]]:
    """Claims of one paper in pieces of about PIECE seconds, the dearest first."""
    found: list[tuple[float, list[AbstractClaim]]] = []
    paper = None
    for claim in claims:
        seconds, module = cost(claim, settings), type(getattr(claim, "theorem", None)).__module__
        if not found or module != paper or found[-1][0] + seconds > PIECE:
            found.append((0.0, []))
        found[-1] = found[-1][0] + seconds, [*found[-1][1], claim]
        paper = module
    return [piece for _, piece in sorted(found, key=lambda entry: -entry[0])]
