"""The certificate of an audit: each cell is the report of a claim, and a sample is asked again."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from convergence.audit.cells import ALPHA, Audit
from convergence.audit.claimed import reports
from convergence.audit.document import versions
from convergence.audit.find import split, version
from convergence.audit.pool import Job, many
from convergence.claims.notary import Notary
from convergence.claims.report import SCHEMA, Report
from convergence.cli.environment import provenance
from convergence.cli.gather import beyond
from convergence.errors import InvalidInput, shown
from convergence.report.certificate import certify, difference, digest, hashed
from convergence.workers import cores

DECIDES = ("like", "family", "every", "time")  # arguments, beside the options


def surroundings(targets: Sequence[str]) -> dict[str, Any]:
    """Where and with what the targets are asked; deterministic laws spend no alpha."""
    fixed = {"dtype": "float64", "rng": "philox", "tier": "quick", "seed": 0, "seeds": None}
    run = provenance(Namespace(**fixed, alpha=ALPHA, targets=targets, certificate=None))
    packages = {name: version(name) for name in sorted({split(t)[0] for t in targets})}
    known = {name: number for name, number in packages.items() if number}
    return {**run, "versions": {**run["versions"], **versions(), **known}}


def witnessed(rows: Sequence[Audit], like: str | None) -> tuple[list[Report], Notary]:
    """The reports on all cells, and who has seen them."""
    witness, found = Notary(), []
    for row in rows:
        for cell, made in zip(row.cells, reports(row, like), strict=True):
            witness.seen[made.slug] = [hashed(cell.to_json())]
            found.append(made)
    return found, witness


def as_reports(rows: Sequence[Audit], like: str | None) -> dict[str, Any]:
    """The cells in the schema of `convergence verify --json`, each the report of a claim."""
    found, _ = witnessed(rows, like)
    run = surroundings([row.target for row in rows])
    run |= {"asked": len(found), "interrupted": False, "seconds": sum(row.seconds for row in rows)}
    claims = [made.to_json() for made in found]
    errors = [{"slug": row.target, "error": row.error} for row in rows if row.error]
    return {"schema": SCHEMA, "run": run, "claims": claims, "errors": errors}


def certificate(rows: Sequence[Audit], arguments: Namespace) -> dict[str, Any]:
    """The certificate of the cells that there are."""
    found, witness = witnessed(rows, arguments.like)
    targets = [row.target for row in rows if row.cells]
    drawn = sum(made.alpha > 0 for made in found)
    asked = {name: getattr(arguments, name) for name in DECIDES}
    run = surroundings(targets) | {
        "alpha": ALPHA * max(drawn, 1), "shared": max(drawn, 1), "asked": len(found),
        "audit": {**asked, "options": dict(arguments.options)},
    }  # fmt: skip
    return certify(run, found, witness)


def again(
    run: Mapping[str, Any], entries: Mapping[str, Any], chosen: Sequence[str], arguments: Namespace
) -> tuple[Collection[str], Callable[[str], tuple[str, str | None, str]], bool]:
    """The claims that are at hand, a function that asks one of a certificate again, and whether
    bits must agree."""
    asked: dict[str, list[str]] = {}
    for name in chosen:
        target, _, law = name.rpartition(" ")
        allowed(target, arguments)
        asked.setdefault(target, []).append(law)
    here, told = surroundings(run["targets"]), run["audit"]
    same = all(here[k] == run[k] for k in ("versions", "platform", "device"))
    jobs = [
        Job(target, told["options"], told["family"], tuple(laws), told["like"], told["every"])
        for target, laws in asked.items()
    ]
    rows = {job.target: row for job, row in many(jobs, cores(), told["time"], 4 * told["time"])}

    def judged(name: str) -> tuple[str, str | None, str]:
        target, _, law = name.rpartition(" ")
        row = rows[target]
        if isinstance(row, Exception):
            raise row
        if row.error:
            raise InvalidInput(row.error)
        one = dataclasses.replace(row, cells=(row[law],))
        (report,), witness = witnessed([one], told["like"])
        why = difference(entries[name], str(report.verdict), digest(report, witness.of(name)), same)
        return str(report.verdict), why, str(report.verdict)

    return chosen, judged, same


def allowed(target: str, arguments: Namespace) -> None:
    """Refuse to import what a certificate names, unless it is installed or the user says so."""
    module, _ = split(target)
    if target in arguments.targets or module in arguments.targets:
        return
    file = module.endswith(".py")
    if not file and version(module):
        return
    if file and arguments.trust and not beyond([module]):
        return
    raise InvalidInput(
        f"{str(arguments.file)!r} names {shown(target)}, and what a certificate names is not run "
        "unasked; name it after the certificate, or trust files below the working directory with "
        "--trust."
    )
