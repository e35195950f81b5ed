"""Campaigns of corrupted records, mutated documents, bad modules and odd arguments."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convergence import records
from convergence.audit import document as audits
from convergence.audit import page as audit_page
from convergence.cli import main
from convergence.cli.drawing import drawers
from convergence.errors import InvalidInput
from convergence.report import certificate, document, page, proved
from convergence.store import Store
from tests.reliability.kills import VERIFY, made
from tests.reliability.modules import MODULES
from tests.reliability.tally import Tally

ABOUT = {"slug": "x", "T": 4, "seed": 0, "dtype": "float64", "digest": "0" * 32}


def corrupted(raw: bytes, other: bytes, rng: random.Random) -> bytes:
    """A record with a fault: bits flipped, bytes cut, doubled or zero, or a part of another."""
    at = rng.randrange(len(raw))
    to = min(len(raw), at + rng.randrange(1, 200))
    return rng.choice((
        lambda: raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :],
        lambda: raw[:at] + rng.randbytes(to - at) + raw[to:],
        lambda: raw[:at],
        lambda: raw[:at] + raw[to:],
        lambda: raw[:to] + raw[at:to] + raw[to:],
        lambda: raw[:at] + bytes(to - at) + raw[to:],
        lambda: raw + rng.randbytes(to - at),
        lambda: raw[:at] + other[at:],
        lambda: other,
    ))()  # fmt: skip


def corrupted_records(number: int, folder: Path, seed: int) -> Tally:
    """No corrupted record, and none in another's place, is ever used."""
    tally = Tally("corrupted or exchanged records", "none is used")
    rng = random.Random(seed)
    raw = records.pack(made(20), ABOUT)
    while tally.tried < number:
        change = rng.choice(({"slug": "y"}, {"T": 96}, {"seed": 1}, {"digest": "1" * 32}))
        found = corrupted(raw, records.pack(made(20), {**ABOUT, **change}), rng)
        try:
            records.unpack(found, ABOUT)
        except records.Unsound:
            tally.count(None)
            continue
        if found != raw:  # else nothing was changed
            tally.count(f"{len(found)} bytes were used")
    return tally


ODD: list[Any] = [
    None, True, 0, -1, 1e308, float("nan"), "", "nan", "x" * 2000, [], {}, [[[]]], 2**70, "\ud800",
    "<script>alert(1)</script>", "../../x", "</script><img src=x onerror=alert(1)>", {"a": [1]},
]  # fmt: skip


def mutated(value: Any, rng: random.Random) -> Any:
    """A copy with a node or two taken out, put elsewhere, or replaced by something odd."""
    found = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = found
        while isinstance(at, dict | list) and at:
            key = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
            below = at[key]
            if not isinstance(below, dict | list) or not below or rng.random() < 0.25:
                act = rng.randrange(4)
                if act == 0:
                    del at[key]
                elif act == 1 and isinstance(at, list):
                    at.append(below)
                else:
                    at[key] = rng.choice(ODD)
                break
            at = below
    return found


def mutated_documents(number: int, folder: Path, seed: int) -> Tally:
    """Whatever stands in a document, each reader takes it or says in a sentence what is wrong."""
    tally = Tally("mutated documents", "read as they are, or refused in a sentence; none is run")
    rng = random.Random(seed)
    originals = documents(folder)
    for k in range(number):
        name = rng.choice(list(originals))
        found = mutated(originals[name], rng)
        if isinstance(found, dict) and "integrity" in found:
            inner = {key: v for key, v in found.items() if key != "integrity"}
            with contextlib.suppress(ValueError):
                found["integrity"] = certificate.hashed(inner)
        file = folder / "x.json"
        text = json.dumps(found)
        if rng.random() < 0.1:
            text = text[: rng.randrange(len(text))]
        file.write_text(text)
        try:
            READERS[name](file)
            tally.count(None)
        except InvalidInput as error:
            tally.count("a long sentence" if len(str(error)) > 2000 else None)
        except Exception as error:
            tally.count(f"{name} {k}: {type(error).__name__}: {error}")
    return tally


def documents(folder: Path) -> dict[str, Any]:
    """One document of each kind."""
    here = folder / "documents"
    here.mkdir(parents=True)
    (here / "mine.py").write_text("from tests.own import GOOD, ODD\nCLAIMS = (GOOD, ODD)\n")
    quietly(VERIFY, here)
    quietly(["prove", "celora-stale-rows", "--json", "p.json"], here)
    report = next((here / "results").glob("*/report.json"))
    row = {
        "target": "optax:sgd", "package": "optax", "name": "sgd", "version": "0", "family": "own",
        "cells": [{"law": "W1", "outcome": "keeps", "detail": "", "promised": True,
                   "amount": None, "step": None, "sample": [1.0, 2.0]}],
        "options": {}, "measured": {}, "notes": [], "error": "", "seconds": 1.0,
    }  # fmt: skip
    audit = {"schema": audits.SCHEMA, "run": {"date": "2000-01-01", "versions": {}, "targets": []},
             "laws": [{"id": "W1", "title": "t", "everyone": True, "statement": "s",
                       "stochastic": True}],
             "rows": [row]}  # fmt: skip
    files = {"report": here / "a.json", "certificate": here / "c.json", "proofs": here / "p.json",
             "stored": report}  # fmt: skip
    found = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}
    return {**found, "audit": audit}


def page_of(file: Path) -> None:
    """The page of a run; nothing of the document is markup in it."""
    html = page.build(document.read(file))
    assert "<script>alert" not in html, "a script came through"
    assert "<img src=x" not in html, "an image came through"
    html.encode(errors="replace")


def stored(file: Path) -> None:
    """What `figures` makes of a stored report, up to drawing it."""
    place = file.parent / "kept/x"
    place.mkdir(parents=True, exist_ok=True)
    os.replace(file, place / "report.json")
    drawers(Store(file.parent / "kept").reports(), file.parent / "drawn")


READERS: dict[str, Callable[[Path], Any]] = {
    "report": page_of,
    "certificate": certificate.read,
    "proofs": proved.read,
    "stored": stored,
    "audit": lambda file: audit_page.build(audits.read(file)),
}


def quietly(argv: list[str], cwd: Path) -> tuple[int, str]:
    """The exit code of a command, and what it printed to the standard error."""
    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(cwd)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(argv)
            except SystemExit as leave:
                code = leave.code if isinstance(leave.code, int) else 2
    finally:
        os.chdir(before)
    return code, out.getvalue() + err.getvalue()


def bad_modules(number: int, folder: Path, seed: int) -> Tally:
    """A module with a fault: exit code 2, or 1 or 0 with a verdict on every claim; no traceback."""
    tally = Tally("modules with a fault", "exit code 2 and a sentence, or a verdict on each claim")
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    order = list(range(len(MODULES)))
    rng.shuffle(order)
    for k in range(number):
        text = MODULES[order[k % len(order)]]
        (folder / f"m{k}.py").write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            code, said = quietly(["verify", f"m{k}.py", "--json", "a.json", "--quiet"], folder)
        except BaseException as error:
            tally.count(f"{text!r}: {type(error).__name__}: {error}")
            continue
        tally.count(judged(code, said, folder / "a.json", text))
    return tally


def judged(code: int, said: str, file: Path, text: str) -> str | None:
    """What is wrong with the end of a run, if anything."""
    claims = None
    with contextlib.suppress(OSError, ValueError):
        claims = json.loads(file.read_text(encoding="utf-8"))["claims"]
    file.unlink(missing_ok=True)
    if code not in (0, 1, 2) or "Traceback" in said:
        return f"{text!r}: exit code {code}: {said[-500:]}"
    if code == 2:
        return None if said.strip() else f"{text!r}: exit code 2 without a word"
    return None if claims else f"{text!r}: exit code {code} without a verdict"


WORDS = {
    "--seeds": ("8", "1", "8.0", "-3", "1e3", "", "99999999999", "０８", "nan"),
    "--seed": ("0", "-1", "4294967296", "x", "1.5"),
    "--alpha": ("1e-3", "0", "1", "2", "nan", "None", "-inf", "1e-400", "0x1"),
    "--tier": ("quick", "huge", ""),
    "--dtype": ("float32", "float64", "float16", "complex64"),
    "--jobs": ("1", "0", "-1", "two", "1e9"),
    "--json": ("a.json", ".", "/dev/null", "/proc/x.json", "no/such/deep/a.json", "\x00", "-"),
    "--certificate": ("c.json", "c.txt", "."),
    "--out": ("kept", "mine.py", "/proc/self/x", "\x00", "a" * 300),
    "--quiet": (None,), "--alone": (None,), "--figures": (None,), "--debug": (None,),
    "--nonsense": (None, "x"), "--version": (None,), "--help": (None,),
    "--budget": ("0.1", "0", "-1s", "1y", "inf"), "--sample": ("1", "0"), "--about": ("adam", ""),
    "--results": ("results", "nowhere", "mine.py"), "--trust": (None,),
}  # fmt: skip
TARGETS = (
    "mine.py", "mine.py", "mine.py", "nowhere.py", "folder", "sgd-ghadimi-lam", "[", "*zzz*", "-",
    "--", "\x00", "a" * 5000, "pipe", "é\udcff", "./", "results/", "a.json", "galore-stalls",
)  # fmt: skip
COMMANDS = (
    "verify", "verify", "verify", "list", "show", "falsify", "figures", "report", "reproduce",
    "prove", "audit", "disprove", "",
)  # fmt: skip


def vector(rng: random.Random) -> list[str]:
    """A command line at random."""
    command = rng.choice(COMMANDS)
    words = [rng.choice(TARGETS) for _ in range(rng.choice((1, 1, 1, 2)))]
    if command == "audit":
        words = [rng.choice(("", "no.such.module:x", "::", "nowhere.py:f", "--list"))]
    for option in rng.sample(list(WORDS), rng.choice((0, 1, 2, 3))):
        value = rng.choice(WORDS[option])
        words += [option] if value is None else [option, value]
    if command == "falsify":
        words += ["--budget", "0.2"]
    if command == "verify" and "--seeds" not in words:
        words += ["--seeds", "8"]
    return [command, *words] if command else words


def argument_vectors(number: int, folder: Path, seed: int) -> Tally:
    """Any words at all: exit code 0, 1 or 2, and no traceback unless --debug asks for it."""
    tally = Tally("argument vectors", "exit code 0, 1 or 2, no traceback, in the folder alone")
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.py").write_text("from tests.own import GOOD\nCLAIMS = (GOOD,)\n")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    outside = {p.name for p in folder.parent.iterdir()}
    for _ in range(number):
        argv = vector(rng)
        try:
            code, said = quietly(argv, folder)
        except Exception as error:
            debug = "--debug" in argv and not isinstance(error, AssertionError)
            tally.count(None if debug else f"{argv}: {type(error).__name__}: {error}")
            continue
        wrong = code not in (0, 1, 2) or re.search("Traceback", said)
        strange = {p.name for p in folder.parent.iterdir()} - outside
        tally.count(f"{argv}: {code} {strange} {said[-300:]}" if wrong or strange else None)
    return tally
