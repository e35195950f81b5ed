"""Writes a page and a file to copy for every statement of docs/methods.md, all of one shape:
method, guarantee, instance, references, run. `python -m docs.make.statements` writes them into
results/statements; docs/make/site.py into the site.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convergence.algorithms.optax_adapter import FromOptax
from convergence.cli.showing import described, words
from convergence.precision import precision
from convergence.report.page import typeset
from convergence.report.references import BIBLIOGRAPHY, bibliography
from convergence.search.render import claim_module
from convergence.search.worst import REACH
from convergence.theorems.base import Provenance
from docs.make.gallery import work
from docs.make.methods import SCOPE, Row, claims, rows

FOLDER = Path(__file__).parents[2] / "results/statements"
BREAK = "\n\n"
SHAPE = ("Method", "Guarantee", "Instance", "References", "Run")
KNOWN = {
    Provenance.PRINTED: "read in the paper",
    Provenance.RECALLED: "the paper's statement from memory",
    Provenance.DERIVED: "the proof is above",
    Provenance.CONJECTURED: "fitted to runs, without a proof",
}
HEAD = """\
# Statement by statement

A page for every statement of [Methods that ship](../methods.md), all of one shape: method,
guarantee, instance, references, run. Each ends with a file that runs as it stands: copy the one
that is nearest to yours and change what differs. A shorter one is explained in
[a claim by example](../worst_cases.md#a-claim-by-example), and all that a file may define in
[Add your own](../adding.md).
"""


def tightest(row: Row) -> Any:
    """The claim that comes nearest to the bound; the first where none was measured."""
    return next((claim for claim in row.claims if claim.slug == row.tightest), row.claims[0])


def block(text: str, language: str = "text") -> str:
    """A fenced block."""
    return f"```{language}\n{text.strip()}\n```\n"


def filled(text: str) -> str:
    """Lines of at most 96 characters."""
    return textwrap.fill(text, 96, break_long_words=False, break_on_hyphens=False)


def prescribed(claim: Any) -> Any:
    """The algorithm of a claim at its first horizon."""
    T = claim.horizons[0]
    with precision("float64"):
        return claim.theorem.prescribe(claim.instance(T)[2], T)


def update(algorithm: Any) -> str:
    """What a step does, in the words of the method's docstring; an adapter's says it at first."""
    told = inspect.getdoc(type(algorithm)) or ""
    if not isinstance(algorithm, FromOptax):
        return told
    made = algorithm.factory
    ours = inspect.getdoc(made) if made.__module__.startswith("convergence.") else None
    name = algorithm.hyper()["algorithm"].rpartition(".")[2]
    shipped = ours or f"tx = {made.__module__.partition('.')[0]}.{name}"
    return f"{told.partition(BREAK)[0]}{BREAK}{shipped}"


def method(claim: Any, told: dict[str, Any]) -> str:
    """The update, the signature, and how the statement sets its parameters."""
    algorithm = prescribed(claim)
    kind = type(algorithm)
    made = dict(told["hyper_parameters"])
    name = made.pop("algorithm")
    given = ", ".join(f"{k} = {words(v)}" for k, v in made.items())
    signature = re.sub(r"['\"]", "", str(inspect.signature(kind)))
    source = textwrap.dedent(inspect.getsource(type(claim.theorem).prescribe))
    return "\n".join((
        block(update(algorithm)),
        block(filled(f"{kind.__module__}.{kind.__name__}{signature}"), "python"),
        f"On the instance below it is `{name}({given})` at the longest horizon. The statement "
        "prescribes it from constants alone:\n",
        block(source, "python"),
    ))  # fmt: skip


def guarantee(told: dict[str, Any]) -> str:
    """The statement, what it assumes, and its proof."""
    assumed = "\n".join(filled(text) for text in told["assumptions"])
    return "\n".join((
        f'<p class="formula">{typeset(told["statement"])}</p>\n',
        f"Judged as {told['kind']}. Assumes, and checks on the instance at every horizon:\n",
        block(assumed or "nothing"),
        block(told["explanation"]),
    ))  # fmt: skip


def instance(row: Row, told: dict[str, Any], known: dict[str, Any]) -> str:
    """The claim that comes nearest, the others, the control and the mutants."""
    slack = "not measured" if row.slack is None else f"{row.slack:.3g}"
    constants = ", ".join(f"{k} = {words(v)}" for k, v in told["constants"].items())
    T = ", ".join(str(t) for t in told["horizons"])
    facts = (told["problem"], told["noise"], constants, f"T = {T}; seeds = {told['seeds']}")
    lines = [f"`{told['slug']}`, bound / measured = {slack}:\n",
             block("\n".join(filled(fact) for fact in facts if fact))]  # fmt: skip
    others = [f"`{claim.slug}`" for claim in row.claims if claim.slug != told["slug"]]
    if others:
        lines.append(f"Further instances: {', '.join(others)}.\n")
    for slug in row.controls:
        false = known[slug].theorem.statement
        lines += [f"Control `{slug}`, a false neighbor that is refuted:\n", block(filled(false))]
    faults = ", ".join(f"`{name}`" for name in row.mutants)
    lines.append(f"Planted faults that turn the verdict: {faults}.\n")
    return "\n".join(lines)


def references(row: Row, told: dict[str, Any]) -> str:
    """The work with a link, the place in it, and how the statement is known."""
    name, source = type(row.theorem).__name__, row.theorem.source
    entry = bibliography(BIBLIOGRAPHY.read_text(encoding="utf-8"))[source.key]
    title = re.sub(r"([_*])", r"\\\1", entry["title"])  # x_* … x_* is no emphasis
    return (
        f"- {work(entry | {'title': title})}\n- {source.locus}\n"
        f"- {told['provenance']}: {KNOWN[row.theorem.provenance]}\n"
        f"- among [all theorems](../theorems.md#{name.lower()})\n"
    )


def run(row: Row, claim: Any) -> str:
    """Commands, and the file."""
    slug, file = claim.slug, f"{place(row)}.py"
    lines = [f"convergence show {slug}", f"convergence verify {slug}"]
    lines += [f"convergence verify {control}" for control in row.controls[:1]]
    if type(row.theorem) in REACH:
        lines.append(f"convergence worst-case {slug}")
    shipped = [c.slug for c in row.claims if getattr(c.theorem, "code", "own") != "own"]
    lines += [f"convergence verify {other}" for other in shipped if other != slug]
    hands = f"Judged on the code of: {', '.join(row.codes)}"
    hands += " (the theorem's field `code`)" if hasattr(row.theorem, "code") else ""
    return "\n".join((
        block("\n".join(lines), "sh"),
        f"{hands}.\n",
        f"The same claim as a file to copy, [{file}]({file}):\n",
        block(example(row, claim), "python"),
        block(f"convergence verify {file}", "sh"),
    ))  # fmt: skip


def place(row: Row) -> str:
    """The name of a statement's page and file."""
    return type(row.theorem).__name__.lower()


def example(row: Row, claim: Any) -> str:
    """The claim as a module; an instance that is another one at every horizon at the first."""
    told = described(claim)
    step = " ".join(update(prescribed(claim)).split(BREAK)[0].split())
    found = (step, told["statement"], told["problem"], told["reference"],
             f"convergence verify {place(row)}.py")  # fmt: skip
    parts = [filled(f"{name}: {text}") for name, text in zip(SHAPE, found, strict=True)]
    story = "\n\n".join([f"{type(row.theorem).__name__}, to copy.", *parts])
    named: dict[str, Any] = {"slug": f"my-{claim.slug}"}
    if inspect.isroutine(claim.problem):
        T = claim.horizons[0]
        named |= {"problem": claim.instance(T)[0], "horizons": (T,)}
    return claim_module(story + "\n", dataclasses.replace(claim, **named))


def page(row: Row, known: dict[str, Any]) -> str:
    """The page of a statement."""
    claim = tightest(row)
    told = described(claim)
    texts = (method(claim, told), guarantee(told), instance(row, told, known),
             references(row, told), run(row, claim))  # fmt: skip
    parts = [f"# {type(row.theorem).__name__}\n"]
    for name, text in zip(SHAPE, texts, strict=True):
        parts.append(f"## {name}\n\n{text}")
    return "\n".join(parts)


def pages() -> Iterator[tuple[str, str]]:
    """Every page and file by its name, the index last."""
    listed = [HEAD]
    for family, title in SCOPE.items():
        known = {claim.slug: claim for claim in claims(family)}
        listed.append(f"## {title}\n")
        for row in rows(family):
            yield f"{place(row)}.md", page(row, known)
            yield f"{place(row)}.py", example(row, tightest(row))
            name = type(row.theorem).__name__
            listed.append(f"- [{name}]({place(row)}.md): `{row.theorem.statement}`")
        listed.append("")
    yield "index.md", "\n".join(listed)


def linked(text: str) -> str:
    """docs/methods.md with links to these pages."""
    return re.sub(r"\]\(theorems\.md#(\w+)\)", r"](statements/\1.md)", text)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages():
        (FOLDER / name).write_text(text, encoding="utf-8")
