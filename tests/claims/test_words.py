"""Which judge is asked, what a report holds, and what a session remembers."""

from __future__ import annotations

import dataclasses
import functools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.claims import assemble, settings
from convergence.claims.assemble import as_pathwise, divergence, judge, refusal, signs
from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.claims.report import Draft, Report, number, plain
from convergence.claims.settings import MOST, Session, Settings, fingerprint
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment, Simulation
from convergence.runner.record import Record
from convergence.statistics import Grade, Judgement, Row, Sample, Verdict
from convergence.statistics.judges_rate import MARGIN
from convergence.theorems import SGDNonconvex, Woodbury
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import Kind

INF, NAN = math.inf, math.nan


def one(T: int, *values: float, bound: Any = 2.0, trivial: float | None = None) -> Sample:
    return Sample(T, np.array(values), bound, trivial)


def test_each_kind_has_its_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    found = Judgement(Verdict.CONSISTENT, "", (), None, None)

    def answer(kind: str, samples: list[Sample], *level: Any, **more: Any) -> Judgement:
        asked.append((kind, [s.T for s in samples], *level, more))
        return found

    for kind in "pathwise", "expectation", "exact", "rate", "floor":
        monkeypatch.setattr(assemble.st, f"judge_{kind}", functools.partial(answer, kind))
    monkeypatch.setattr(assemble, "cheap", lambda samples, settings: [settings.seed] * len(samples))
    two = [one(3, 1.0, trivial=0.5), one(4, 1.0, trivial=6.0)]
    for dtype, rounding, eps in ("float64", 1e-9, 2.0**-52), ("float32", 100 * 2.0**-23, 2.0**-23):
        own = Settings(dtype=dtype, alpha=0.01, seed=7)
        start, level = ("", [3, 4]), own.level
        for kind, name, more in (
            (Kind.PATHWISE, "pathwise", {"rounding": [7, 7]}),
            (Kind.EXPECTATION, "expectation", {"rounding": rounding}),
            (Kind.EXACT, "exact", {"margin": 0.25, "rounding": rounding}),
            (Kind.RATE, "rate", {"roundoff": pytest.approx(6e3 * eps), "margin": MARGIN}),
            (Kind.FLOOR, "floor", {"rounding": rounding}),
        ):
            assert judge(kind, two, own, 0.25) is found
            budget = () if kind is Kind.PATHWISE else (level,)
            assert asked.pop() == (name, start[1], *budget, more)
    for samples in ([one(3, 1.0), one(4, 1.0, trivial=0.0)], [one(3, 1.0), one(4, 1.0)]):
        judge(Kind.RATE, samples, Settings(), 0.25)
        assert asked.pop()[-1] == {"roundoff": None, "margin": MARGIN}
    # Means that may be off by a half each tilt a slope between T = 3 and 4 beyond all margins.
    for share, margin in (
        (0.5, 0.99),
        (1e-3, MARGIN + 2 * math.log(1.001 / 0.999) / math.log(4 / 3)),
    ):
        judge(Kind.RATE, two, Settings(), 0.25, share)
        assert asked.pop()[-1]["margin"] == pytest.approx(margin)
    with pytest.raises(ValueError, match="its own type of claim"):
        judge(Kind.IDENTITY, two, Settings(), 0.25)


def test_a_mean_of_what_may_be_negative_is_not_judged() -> None:
    for kind in Kind.EXPECTATION, Kind.FLOOR, Kind.RATE:
        with pytest.raises(InvalidInput, match="a metric of -1 at T = 3"):
            judge(kind, [one(3, 2.0, NAN, -1.0)], Settings(), 0.25)
        signs(kind, one(3, 0.0, NAN))
        signs(kind, one(3, NAN, bound=0.0))
    with pytest.raises(InvalidInput, match="the bound -2 at T = 3"):
        signs(Kind.EXPECTATION, one(3, 1.0, bound=-2.0))
    signs(Kind.FLOOR, one(3, 1.0, bound=-2.0))
    assert as_pathwise(Kind.FLOOR, one(3, 1.0)).bound == (2.0, INF)


def record(T: int, values: Any, bad: Any) -> Record:
    values = np.asarray(values, float)
    return Record(T, np.array([T]), values[:, None], np.ones((len(values), 1), bool), np.array(bad))


def test_what_is_said_of_runs_and_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = record(2, [1.0, 2.0], [-1, -1])
    lost = record(3, [1.0, INF, INF, 1.0], [-1, 4, 0, -1])
    words = "T = 3: 2 of 4 runs left the finite numbers, the first at step 0"
    assert divergence([kept, lost]) == (words,)
    for count, who in (
        (0, ""), (2, "A, B certify it"), (4, "A, B, C, D certify it"),
        (5, "A, B, C, D and others certify it"),
    ):  # fmt: skip
        monkeypatch.setattr(assemble, "who_certifies", lambda name, n=count: list("ABCDE"[:n]))
        for c in Constants(L=1.0), Constants(convex=False):
            told = refusal(Checked("convex", False, None, "not so"), c)
            more = f"; {who} (`convergence catalog --certifies convex`)" if who else ""
            assert told == f"assumption 'convex' fails: not so{more}"
        told = refusal(Checked("convex", False, None, "not so"), Constants(convex=True))
        assert told == "assumption 'convex' fails: not so"


PROOF = SimpleNamespace(to_json=lambda: "proved")


def reported(judgement: Judgement | None) -> Report:
    claim = Claim("own", SGDNonconvex(), Isotropic([1.0]), Gaussian(1.0), note="n", instead="i")
    draft = Draft(Verdict.REFUTED, "why", judgement, notes=("one",), constants={"L": 2.0, "x": INF})
    draft.hyper = {"eta": INF, "n": 3}
    draft.assumptions = (Checked("smooth", True, 3.0, "so"), Checked("loud", False, None, "no"))
    session = Session(Settings(look=2, seed=5, tier="full", dtype="float32"))
    session.__dict__["began"] = session.began - 1.23456
    return Report.of(claim, draft, session)


def test_a_report_holds_what_was_found() -> None:
    rows = (
        Row(3, 8, 1.0, (0.5, INF), (1.0, INF), 7.0, True, "a", Grade.ASYMPTOTIC),
        Row(4, 9, NAN, (0.5, 2.0), 3.0, None, True, "b"),
    )
    judgement = Judgement(Verdict.REFUTED, "why", rows, 2.0, INF, Grade.CERTIFIED, PROOF)
    found = reported(judgement)
    assert found.proof is PROOF
    assert found.vacuous
    told = found.to_json()
    assert (told["proof"], told["slack"], told["power"], told["grade"]) == (
        "proved", 2.0, "inf", "certified",
    )  # fmt: skip
    assert told["horizons"] == [
        {"T": 3, "seeds": 8, "estimate": 1.0, "interval": [0.5, "inf"], "bound": [1.0, "inf"],
         "e_value": 7.0, "grade": "asymptotic", "vacuous": True, "note": "a"},
        {"T": 4, "seeds": 9, "estimate": "nan", "interval": [0.5, 2.0], "bound": 3.0,
         "e_value": None, "grade": None, "vacuous": True, "note": "b"},
    ]  # fmt: skip
    assert told["assumptions"] == [
        {"name": "smooth", "holds": True, "value": 3.0, "detail": "so"},
        {"name": "loud", "holds": False, "value": None, "detail": "no"},
    ]
    assert told["constants"] == {"L": 2.0, "x": "inf"}
    assert told["hyper_parameters"] == {"eta": "inf", "n": 3.0}
    assert (told["look"], told["tier"], found.dtype, found.seed) == (2, "full", "float32", 5)
    assert told["alpha"] == Settings(look=2).level
    assert (told["note"], told["instead"], told["notes"]) == ("n", "i", ["one"])
    assert told["explanation"].startswith(told["explanation"].strip()[:20])
    assert len(told["explanation"]) > 40
    assert dataclasses.replace(found, seconds=1.23456).to_json()["seconds"] == 1.235
    assert 1.2 < found.seconds < 60
    part = dataclasses.replace(
        judgement, rows=(rows[0], dataclasses.replace(rows[1], vacuous=False))
    )
    assert not reported(part).vacuous
    bare = dataclasses.replace(judgement, rows=(), proof=None, grade=None)
    assert (reported(bare).vacuous, reported(bare).to_json()["grade"]) == (False, None)
    none = reported(None)
    assert (none.proof, none.vacuous) == (None, False)
    told = none.to_json()
    assert [told[k] for k in ("proof", "slack", "power", "grade", "horizons")] == [None] * 4 + [[]]


def test_values_as_json_has_them() -> None:
    assert (number(None), number(2), number(INF), number(-INF)) == (None, 2.0, "inf", "-inf")
    for value, told in (
        (True, True), ("x", "x"), (None, None), (3, 3.0), (np.float64(2.0), 2.0), (NAN, "nan"),
        (np.array([1.0, INF]), [1.0, "inf"]), ((1, (True, "a")), [1.0, [True, "a"]]),
        (np.array([[1, 2]]), [[1.0, 2.0]]),
    ):  # fmt: skip
        assert plain(value) == told
        assert type(plain(value)) is type(told)


def test_settings_at_their_ends() -> None:
    good: dict[str, Any]
    for good in (
        {"seed": 0}, {"seed": 2**32 - 1}, {"claims": 1}, {"claims": MOST}, {"look": 1},
        {"look": MOST}, {"seeds": 2}, {"seeds": MOST},
    ):  # fmt: skip
        assert Settings(**good)
    for name, value in (
        ("seed", -1), ("seed", 2**32), ("claims", 0), ("claims", MOST + 1), ("look", 0),
        ("look", MOST + 1), ("seeds", 1), ("seeds", MOST + 1), ("tier", "slow"), ("dtype", "quick"),
        ("rng", "coin"), ("alpha", 1.0), ("tier", "qui"),
    ):  # fmt: skip
        wrong: dict[str, Any] = {name: value}
        with pytest.raises(InvalidInput, match=f"{name}.* is needed"):
            Settings(**wrong)
    assert Settings(seeds=4).seeds == 4
    assert Settings().seeds is None
    assert (Settings().hasty, Settings(tier="full").hasty) == (True, False)
    assert Settings(alpha=0.01, claims=4).share == 0.0025
    assert Settings(alpha=0.01, claims=4, look=3).level == pytest.approx(0.0025 / 12)
    with pytest.raises(InvalidInput, match=r"the setting \['sed'\]"):
        Settings.of({"sed": 3, "tie": 4})
    assert Settings.of({"seed": 3}).seed == 3


def runs(chunk: int) -> Simulation:
    problem = Isotropic([1.0])
    run = Experiment(problem, Oracle(problem, Gaussian(1.0)), SGD(0.1))
    return Simulation("own", run, 5, chunk)


class Shelved(SimpleNamespace):
    """A shelf with one record, that remembers what it is asked."""

    def fetch(self, what: Any, settings: Any, seeds: int) -> Any:
        self.asked.append(("fetch", what.T, settings.seed, seeds))
        return self.stored

    def keep(self, what: Any, record: Any, settings: Any) -> None:
        self.asked.append(("keep", what.T, record.seeds, settings.seed))

    def look(self, what: Any, settings: Any, data: str) -> int:
        self.asked.append(("look", what.T, settings.look, data))
        return 7

    def notes(self) -> Any:
        return ("recomputed",)


def test_a_session_makes_the_runs_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def run(experiment: Any, T: int, key: Any, **more: Any) -> Record:
        seeds = more["seeds"]
        more["progress"](len(seeds))
        made.append((experiment, T, key, seeds, more["chunk"], more["marks"], more["hasty"]))
        return record(T, seeds, [-1] * len(seeds))

    monkeypatch.setattr(settings, "run", run)
    monkeypatch.setattr(settings, "claim_key", lambda *given: given)
    what = runs(16)
    own = Settings(seed=3)
    key = ("own", 3, 5, own.rng)
    for have, first in (None, 0), (2, 2), (8, 8), (9, 9):
        made.clear()
        stored = None if have is None else record(5, range(have), [-1] * have)
        shelf, told = Shelved(stored=stored, asked=[]), list[Any]()
        session = Session(own, shelf, lambda done, total, told=told: told.append((done, total)))
        session.total = 20
        found = session.record(what, 8)
        assert found.final().tolist() == list(range(8))
        assert shelf.asked[0] == ("fetch", 5, 3, 8)
        if first >= 8:
            assert (made, told, len(shelf.asked)) == ([], [], 1)
        else:
            assert made == [(what.experiment, 5, key, range(first, 8), 16, None, True)]
            assert told == [(8 - first, 20)]
            assert shelf.asked[1:] == [("keep", 5, 8, 3)]
        assert session.notes() == ("recomputed",)
    made.clear()
    assert Session(Settings(tier="full")).record(what, 1).seeds == 1
    assert (made[0][4], made[0][6]) == (1, False)
    assert Session().record(what, 2).seeds == 2
    assert made[1][4] == 16
    assert Session().notes() == ()


def test_a_look_at_the_data_is_counted() -> None:
    what = runs(256)
    data = [one(3, 1.0, 2.0), one(4, 1.0)]
    sure = [dataclasses.replace(one(3, 1.0), sure=True), dataclasses.replace(data[1], sure=True)]
    for samples, looks in (data, 1), ([sure[0], data[1]], 1), (sure, 0):
        shelf = Shelved(stored=None, asked=[])
        session = Session(Settings(look=2), shelf)
        session.look(what, samples)
        assert shelf.asked == [("look", 5, 2, fingerprint(samples))] * looks
        assert session.settings.look == (7 if looks else 2)
        alone = Session()
        alone.look(what, samples)
        assert alone.settings.look == 1
    assert len(fingerprint(data)) == 32
    for other in ([one(3, 1.0, 2.5), data[1]], [one(3, 1.0, 2.0, bound=3.0), data[1]], data[:1]):
        assert fingerprint(other) != fingerprint(data)
    assert fingerprint([one(5, 1.0, 2.0), data[1]]) != fingerprint(data)


def test_an_identity_is_judged_by_its_tolerance() -> None:
    report = Identity("own", Woodbury()).verify(Settings(seed=6))
    assert (report.verdict, report.slug, report.seed) == (Verdict.CONSISTENT, "own", 6)
