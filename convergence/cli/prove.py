"""`convergence prove`: refutations of pathwise statements, each a replay in ball arithmetic."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from convergence.cli.streams import print_json
from convergence.errors import InvalidInput, told
from convergence.files import write_json


def prove(arguments: Namespace) -> int:
    """Prove the targets violated; 1 if some is not."""
    from convergence.claims.settings import Settings
    from convergence.cli.environment import provenance
    from convergence.cli.gather import gather
    from convergence.report.proved import document

    settings = Settings(seed=arguments.seed, dtype=arguments.dtype, rng=arguments.rng)
    claims = gather(arguments.targets)
    if (odd := next((c for c in claims if str(c.kind) != "pathwise"), None)) is not None:
        raise InvalidInput(
            f"{odd.slug} is a statement of kind {str(odd.kind)!r} and only pathwise ones are "
            "refuted by a proof; leave it out, and judge it with `convergence verify`."
        )
    reports, failed = [], 0
    for claim in claims:
        try:
            report = claim.verify(settings)
        except (Exception, SystemExit) as error:
            print(f"! {claim.slug}: could not be judged: {told(error)}", flush=True)
            failed += 1
            continue
        reports.append(report)
        print(f"{'✓' if report.proof else '✗'} {report.slug}: {said(report)}", flush=True)
    if arguments.json and any(report.proof for report in reports):
        run = provenance(Namespace(**vars(arguments), tier="quick", seeds=None, alpha=1e-3))
        found = document(run, reports)
        print_json(found) if str(arguments.json) == "-" else write_json(arguments.json, found)
    return 2 if failed else int(not all(report.proof for report in reports))


def said(report: Any) -> str:
    """A proof with all its numbers, or why there is none."""
    if report.proof is None:
        return f"{report.verdict}: {report.reason}"
    p = report.proof
    return (
        f"{p.sentence}\n  granted {p.granted:.2g} relative; instance {p.instance}, draws {p.draws}"
    )


def again(arguments: Namespace) -> int:
    """Prove what a file of proofs says anew; 1 if something comes out otherwise."""
    from convergence.claims.settings import Settings
    from convergence.cli.gather import gather, trusted
    from convergence.cli.publishing import compare, entry
    from convergence.report.proved import difference, read

    path: Path = arguments.file
    found = read(path)
    targets = trusted(found["run"]["targets"], arguments)
    known = {claim.slug: claim for claim in gather(targets)}
    settings = Settings(**{name: found["run"][name] for name in ("seed", "dtype", "rng")})
    stated = {proof["slug"]: proof for proof in found["proofs"]}

    def judged(slug: str) -> tuple[str, str | None, str]:
        report = known[slug].verify(settings)
        return str(report.verdict), difference(stated[slug], report), said(report)

    compared = [entry(slug, known, judged, arguments) for slug in stated]
    return compare(arguments, compared, about="proofs", exact=True, seed=found["run"]["seed"])
