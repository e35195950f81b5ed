"""Where claims are judged: in threads here, in processes here, or by workers that `--on` names."""

from __future__ import annotations

import collections
import itertools
from argparse import Namespace
from collections.abc import Sequence
from inspect import isroutine
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
PIECE = 30.0  # seconds of a group that one of them takes: its programs are not compiled elsewhere


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
    """The claims of a family on one kind of problem side by side, and among them those with one
    kind of noise and those of one theorem, since they often share a program."""
    first: dict[Any, int] = {}

    def place(claim: AbstractClaim) -> tuple[int, ...]:
        group = group_of(claim)
        kinds = group, (*group, _kind(claim, "noise")), type(getattr(claim, "theorem", None))
        return tuple(first.setdefault(kind, len(first)) for kind in kinds)

    return sorted(claims, key=place)


def group_of(claim: AbstractClaim) -> tuple[str, str]:
    """The family and the kind of problem, outside of which a program is seldom shared."""
    return claim.family, _kind(claim, "problem")


def _kind(claim: AbstractClaim, name: str) -> str:
    """Of what kind a part of an instance is; a function of T says so, and is not called for it."""
    part = getattr(claim, name, None)
    kind = getattr(part, "__annotations__", {}).get("return") if isroutine(part) else type(part)
    return getattr(kind, "__name__", str(kind))


def pieces(claims: Sequence[AbstractClaim], settings: Any) -> list[list[AbstractClaim]]:
    """Claims of a group in pieces of about PIECE seconds, side by side, and the groups that take
    longest first."""
    whole: dict[Any, float] = collections.defaultdict(float)
    found: list[tuple[Any, float, list[AbstractClaim]]] = []
    for claim in claims:
        seconds, group = cost(claim, settings), group_of(claim)
        if not found or group != found[-1][0] or found[-1][1] + seconds > PIECE:
            found.append((group, 0.0, []))
        found[-1] = group, found[-1][1] + seconds, [*found[-1][2], claim]
        whole[group] += seconds
    return [piece for _, _, piece in sorted(found, key=lambda entry: -whole[entry[0]])]
