"""When certificates are held against runs, of which runs, and what is said of false ones."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence.claims import credentials as office
from convergence.claims.credentials import MORE, broken, credentials, exhausted
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws.faults import Fault
from convergence.laws.look import DENSE
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.problems.quadratic import Isotropic
from convergence.runner.record import Record
from convergence.statistics import Judgement, Verdict
from convergence.theorems.assumptions import Checked

FAULT = Fault("L", 1.0, 2.0, "the curvature")
OWN = Oracle(Isotropic([1.0]), Gaussian(1.0))
SAID = "L = 1 is certified, but the curvature = 2"


class Foreign(Oracle):
    """Of no module of the package."""


def test_what_an_instance_certifies_before_it_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    square, noise, c = Isotropic([1.0]), Gaussian(1.0), Constants(L=1.0)
    asked: list[Any] = []
    false: list[Fault] = []
    own = [True]

    def certificates(problem: Any, loud: Any, lower: Any) -> list[Fault]:
        assert (problem, loud, lower) == (square, noise, None)
        return list(false)

    def faults(oracle: Any, problem: Any, constants: Any) -> list[Fault]:
        asked.append((type(oracle), problem is square, constants is c))
        return [FAULT]

    monkeypatch.setattr(office, "certificates", certificates)
    monkeypatch.setattr(office, "oracle_faults", faults)
    monkeypatch.setattr(office, "ours", lambda theorem: own[0])
    found = credentials("theorem", Oracle, square, noise, c)
    assert (found.name, found.holds, found.detail, asked) == (
        "certificates", True, "checked on the instance", [],
    )  # fmt: skip
    found = credentials("theorem", Foreign, square, noise, c)
    assert (found.holds, found.detail, asked) == (False, SAID, [(Foreign, True, True)])
    own[0] = False
    assert credentials("theorem", Foreign, square, noise, c).holds
    own[0] = True
    false[:] = [FAULT] * 4
    for oracle in Oracle, Foreign:
        found = credentials("theorem", oracle, square, noise, c)
        assert (found.holds, found.detail) == (False, "; ".join([SAID] * 3))
    assert len(asked) == 1

    def refuses(problem: Any, noise: Any) -> Any:
        raise InvalidInput("no such oracle")

    found = credentials("theorem", refuses, square, noise, c)
    assert found == Checked("certificates", False, None, "no such oracle")


def test_an_instance_of_which_all_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"affine": True}
    monkeypatch.setattr(office, "affine", lambda c: answers["affine"])
    monkeypatch.setattr(office, "ours", lambda part: part not in answers.get("strange", ()))
    monkeypatch.setattr(office, "start_shape", lambda problem: problem.shape)
    ours = SimpleNamespace(shape=(2, DENSE // 2))
    c = Constants(additive=True)

    def found(problem: Any = ours, c: Constants = c, **more: Any) -> bool:
        answers.clear()
        answers.update({"affine": True, **more})
        return exhausted(problem, "noise", c)

    assert found()
    assert not found(SimpleNamespace(shape=(DENSE + 1,)))
    assert not found(affine=False)
    assert not found(c=Constants(additive=False))
    assert not found(c=Constants(L=1.0))
    assert not found(strange=(ours,))
    assert not found(strange=("noise",))


class Court:
    """A claim, its instance and what is seen along its runs; each answer may be changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
        self.asked: list[Any] = []
        self.told = {
            "exhausted": False, "ours": True, "valueless": False, "along": None, "noisy": None,
            "rare": None, "mute": None, "additive": False, "end": 1.0, **answers,
        }  # fmt: skip
        self.problem: Any = SimpleNamespace(name="start")
        self.noise: Any = SimpleNamespace(of_iterate=self.told.get("of_iterate", True))
        self.c = Constants(additive=bool(self.told["additive"]))
        told = self.told

        def noted(name: str, answer: Any) -> Any:
            def one(*given: Any) -> Any:
                self.asked.append((name, *given))
                return [FAULT] if answer(*given) else []

            return one

        def exhausted(problem: Any, noise: Any, c: Any) -> bool:
            assert (problem, noise, c) == (self.problem, self.noise, self.c)
            return told["exhausted"]

        def check_step(experiment: Any) -> None:
            self.asked.append(("step", experiment.oracle))
            if told["mute"]:
                raise InvalidInput(told["mute"])

        def valueless(noise: Any, c: Any) -> bool:
            assert (noise, c) == (self.noise, self.c)
            return told["valueless"]

        def ours(part: Any) -> bool:
            return told["ours"] is True or part in told["ours"]

        def walked(experiment: Any, T: int, key: Any, run: int, *rest: Any) -> Any:
            self.asked.append(("walked", T, key, run))
            return (T, run), np.array([told["end"]])

        for name, what in (
            ("exhausted", exhausted), ("ours", ours), ("valueless", valueless),
            ("muted", lambda noise: ("muted", noise)), ("check_step", check_step),
            ("claim_key", lambda *given: given), ("walked", walked),
            ("contradicted", noted("along", lambda way, c, eps: told["along"] == way)),
            ("louder", lambda way, c: told.get("loud", [])),
            ("noise_faults", noted("noise", lambda noise, end: told["noisy"])),
            ("rare_faults", noted("rare", lambda *given: told["rare"])),
            ("strayed_faults", noted("strayed", lambda noise, x0, x: told.get("strayed"))),
            ("started", lambda problem: problem.name),
            ("oracle_faults", noted("oracle", lambda *given: told.get("biased"))),
        ):  # fmt: skip
            monkeypatch.setattr(office, name, what)
        monkeypatch.setattr(
            office.dataclasses, "replace", lambda known, oracle: SimpleNamespace(oracle=oracle)
        )

    def broken(self, verdict: Verdict, records: list[Record], **settings: Any) -> Any:
        self.asked.clear()
        claim = SimpleNamespace(
            slug="own", instance=lambda T: (self.problem, self.noise, self.c),
            oracle=lambda problem, noise: (problem, noise), theorem="theorem",
            experiment=lambda T, rival: SimpleNamespace(oracle=self.told.get("oracle", OWN)),
        )  # fmt: skip
        session = SimpleNamespace(settings=Settings(**settings))
        return broken(claim, records, Judgement(verdict, "", (), None, None), session)

    def runs(self) -> list[Any]:
        return [given[3] for given in self.asked if given[0] == "walked"]


def record(T: int, *values: float) -> Record:
    n = len(values)
    ones = np.ones((n, 1), bool)
    return Record(T, np.array([T]), np.array(values)[:, None], ones, np.full(n, -1))


SIX = record(5, 3.0, 1.0, 6.0, 2.0, 5.0, 4.0)


def test_which_verdicts_are_held_against_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    court = Court(monkeypatch)
    for verdict, tier, ours, looks in (
        (Verdict.INCONCLUSIVE, "full", True, False), (Verdict.REFUTED, "quick", True, True),
        (Verdict.CONSISTENT, "quick", True, False), (Verdict.CONSISTENT, "standard", True, True),
        (Verdict.CONSISTENT, "quick", [court.problem], True),
        (Verdict.CONSISTENT, "quick", [court.noise], True), (Verdict.REFUTED, "full", True, True),
    ):  # fmt: skip
        court.told["ours"] = ours
        assert court.broken(verdict, [SIX], tier=tier) == ()
        assert bool(court.runs()) is looks, (verdict, tier, ours)
    court.told.update(ours=True, exhausted=True)
    assert court.broken(Verdict.REFUTED, [SIX]) == ()
    assert court.asked == []


def test_which_runs_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at either end of what was measured, of every horizon."""
    court = Court(monkeypatch)
    lost = record(7, 3.0, math.nan, 6.0, 2.0, 1.0)
    assert court.broken(Verdict.REFUTED, [SIX, lost], seed=4, dtype="float32") == ()
    assert court.runs() == [1, 2, 3, 4, 1, 2, 3, 4]
    walks = [given for given in court.asked if given[0] == "walked"]
    rng = Settings().rng
    assert walks[0] == ("walked", 5, ("own", 4, 5, rng), 1)
    assert walks[-1] == ("walked", 7, ("own", 4, 7, rng), 4)
    looks = [given for given in court.asked if given[0] == "along"]
    assert looks[0] == ("along", (5, 1), court.c, 2.0**-23)
    ends = [given for given in court.asked if given[0] == "noise"]
    assert len(ends) == 8
    assert (ends[0][1], ends[0][2].tolist()) == (court.noise, [1.0])
    court.told["along"] = (7, 3)
    (found,) = court.broken(Verdict.REFUTED, [SIX, lost])
    assert (found.name, found.holds, found.detail) == ("certificates along the runs", False, SAID)
    assert court.runs() == [1, 2, 3, 4, 1, 2, 3]
    assert len([given for given in court.asked if given[0] == "noise"]) == 6
    court.told.update(along=None, noisy=True)
    assert court.broken(Verdict.REFUTED, [SIX])[0].name == "certificates along the runs"
    assert court.runs() == [1]
    court.noise = SimpleNamespace()  # one that says nothing of the iterate
    assert court.broken(Verdict.REFUTED, [SIX])[0].name == "certificates along the runs"
    for quiet in {"additive": True}, {"end": math.inf}, {"of_iterate": False}:
        court = Court(monkeypatch, noisy=True, **quiet)
        assert court.broken(Verdict.REFUTED, [SIX]) == ()
        assert court.runs() == [1, 2, 3, 4]


def test_noise_that_is_not_the_package_s(monkeypatch: pytest.MonkeyPatch) -> None:
    court = Court(monkeypatch, valueless=True)
    assert court.broken(Verdict.REFUTED, [SIX]) == ()
    assert court.asked[0] == ("step", (court.problem, ("muted", court.noise)))
    court.told["mute"] = "asks for values"
    (found,) = court.broken(Verdict.REFUTED, [SIX])
    assert (found.name, found.holds, found.detail) == (
        "values of the noise", False, "asks for values",
    )  # fmt: skip
    court = Court(monkeypatch, rare=True)
    assert court.broken(Verdict.REFUTED, [SIX]) == ()
    court.told["ours"] = [court.problem]
    (found,) = court.broken(Verdict.REFUTED, [SIX])
    assert (found.name, found.detail) == ("certificates of the noise", SAID)
    assert court.asked[-1] == ("rare", court.noise, "start", court.c, MORE * 6 * 5)
    assert court.broken(Verdict.CONSISTENT, [SIX]) == ()


def test_where_a_users_noise_or_oracle_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of a run that is followed and, going back, at times of even ratios on its way."""
    long, times = record(1000, 1.0), [1000, 316, 100, 32, 10, 3, 1]

    def asked(name: str) -> list[Any]:
        return [given[1:] for given in court.asked if given[0] == name]

    court = Court(monkeypatch, ours=["theorem"], additive=True)
    assert court.broken(Verdict.REFUTED, [long]) == ()
    assert [given[0] for given in asked("walked")] == times
    assert [given[:2] for given in asked("strayed")] == [(court.noise, "start")] * 7
    assert not asked("noise")
    assert not asked("oracle")
    court.told["strayed"] = True
    assert court.broken(Verdict.REFUTED, [long])[0].name == "certificates along the runs"
    assert len(asked("walked")) == 1
    court = Court(monkeypatch, ours=["theorem"])
    assert court.broken(Verdict.CONSISTENT, [long]) == ()
    assert (len(asked("noise")), len(asked("strayed"))) == (7, 0)
    foreign = Foreign(Isotropic([1.0]), Gaussian(1.0))
    court = Court(monkeypatch, oracle=foreign, additive=True, exhausted=True)
    assert court.broken(Verdict.CONSISTENT, [long]) == ()
    assert [given[0] for given in asked("walked")] == times
    assert [given[0] for given in asked("oracle")] == [foreign] * 7
    assert not asked("strayed")
    court.told["biased"] = True
    assert court.broken(Verdict.REFUTED, [long])[0].name == "certificates along the runs"
    court.told["ours"] = [court.problem, court.noise]  # of a user's own theorem it is a part
    assert court.broken(Verdict.REFUTED, [long]) == ()
    assert court.asked == []
