"""A pytest plugin: claims as tests, with one error budget for all of them.

    from my_paper import CLAIMS

    def test_claim(claim, verify_claim):
        verify_claim(claim)

`claim` runs over the module's `CLAIMS`, or over those of `@pytest.mark.claims("my_paper.py")`.
`verify_claim` judges one claim, fails the test unless the verdict is the expected one, and puts
the report into the terminal summary, the JUnit properties and the JSON. Every test that uses it
gets the same share of --convergence-alpha, with pytest-xdist too.

Nothing of the package but this file is imported, and above all no JAX, unless a test asks.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convergence.tiers import TIERS

SCHEMA = "convergence-report/1"
BUDGET = 1e-3
TITLE = "convergence"
REPEATED = (
    "verify_claim was called twice; parametrize the test, so that each claim has its share of alpha"
)

REPORTS = pytest.StashKey[dict[str, dict[str, Any]]]()
COUNT = pytest.StashKey[int]()
FOUND = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--convergence-tier, --convergence-alpha and --convergence-json."""
    group = parser.getgroup(TITLE, "claims about convergence")
    group.addoption(
        "--convergence-tier",
        metavar="TIER",
        default="quick",
        help=f"how much to run: {', '.join(TIERS)} (quick)",
    )
    group.addoption(
        "--convergence-alpha",
        metavar="A",
        default=str(BUDGET),
        help="error probability shared by all collected claims (1e-3)",
    )
    group.addoption(
        "--convergence-json", metavar="FILE", default=None, help="write the reports to FILE"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the options; each bad one is one sentence."""
    config.addinivalue_line("markers", "claims(*files): parametrize `claim` over their CLAIMS")
    config.addinivalue_line("markers", "optimizers(*targets, **told): parametrize `audited`")
    config.pluginmanager.import_plugin("convergence.testing.audited")
    tier, alpha = config.getoption("--convergence-tier"), config.getoption("--convergence-alpha")
    if tier not in TIERS:
        raise pytest.UsageError(
            f"--convergence-tier is {tier!r}, but one of {', '.join(TIERS)} is needed"
        )
    if not 0 < budget(config) < 1:
        raise pytest.UsageError(
            f"--convergence-alpha is {alpha!r}, but a number 0 < alpha < 1 is needed; try 1e-3"
        )
    file = config.getoption("--convergence-json")
    if file is not None and (not file or Path(file).is_dir() or not Path(file).parent.is_dir()):
        raise pytest.UsageError(
            f"--convergence-json is {file!r}, but a file in an existing folder is needed"
        )
    config.stash[REPORTS] = {}
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collector(config), "convergence-collector")


def budget(config: pytest.Config) -> float:
    """alpha as a number, NaN if it is none."""
    try:
        return float(str(config.getoption("--convergence-alpha")))
    except ValueError:
        return math.nan


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`claim` over the claims of the marker's files, else over the module's CLAIMS.

    A test that parametrizes `claim` itself is left alone.
    """
    definition = metafunc.definition
    module: Any = metafunc.module
    if "claim" not in metafunc.fixturenames or any(
        "claim" in _names(mark) for mark in definition.iter_markers("parametrize")
    ):
        return
    marks = list(definition.iter_markers("claims"))
    if not marks and not hasattr(module, "CLAIMS"):
        return
    from convergence.claims.modules import claims_in, sound
    from convergence.errors import InvalidInput

    try:
        if marks:
            here = Path(str(definition.path)).parent
            files = [here / file for mark in marks for file in mark.args]
            found = sound([c for file in files for c in claims_in(file)], "the marker `claims`")
        else:
            found = sound(module.CLAIMS, definition.path.name)
    except InvalidInput as error:
        raise pytest.Collector.CollectError(str(error)) from error
    metafunc.parametrize("claim", found, ids=[claim.slug for claim in found])


def _names(mark: pytest.Mark) -> list[str]:
    """The arguments that a `parametrize` mark sets."""
    names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
    return [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Count the claims that will be judged: alpha is shared by them."""
    session.config.stash[COUNT] = sum(
        "verify_claim" in getattr(item, "fixturenames", ()) for item in session.items
    )


@pytest.fixture
def verify_claim(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`verify_claim(claim, **settings)` → `Report`; fails unless the verdict is the expected one.

    One claim a test, since each test has one share of alpha. `settings` are those of
    `convergence.Settings` but alpha and claims: seed, seeds, dtype, tier.
    """
    config, stash = request.config, request.node.stash

    def verify(claim: Any, **settings: Any) -> Any:
        if stash.get(FOUND, None) is not None:
            pytest.fail(REPEATED, pytrace=False)
        from convergence.claims.settings import Settings
        from convergence.errors import InvalidInput

        given = {
            "tier": config.getoption("--convergence-tier"),
            **settings,
            "alpha": budget(config),
            "claims": max(1, config.stash.get(COUNT, 1)),
        }
        try:
            report = claim.verify(Settings(**given))
        except InvalidInput as error:
            pytest.fail(f"{claim.slug}: could not be judged: {error}", pytrace=False)
        document = report.to_json()
        stash[FOUND] = document
        # As `record_property` does, which warns under the family of reports that is pytest's own.
        names = ("slug", "verdict", "expect", "slack", "power", "alpha", "reason")
        request.node.user_properties += [(f"convergence.{n}", document[n]) for n in names]
        if not report.expected:
            pytest.fail(complaint(report, given), pytrace=False)
        return report

    return verify


def complaint(report: Any, given: dict[str, Any]) -> str:
    """The verdict, its reason, and how to see it again."""
    return (
        f"{report.slug}: {report.verdict}, expected {report.expect}\n"
        f"  statement: {report.statement}\n"
        f"  reason:    {report.reason}\n"
        f"  slack:     {_short(report.judgement.slack if report.judgement else None)}\n"
        f"  again:     verify(claim, tier={report.tier!r}, seed={report.seed}, "
        f"alpha={report.alpha:.3g}, dtype={report.dtype!r}, seeds={given.get('seeds')})"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Attach the report to the test's own: xdist carries plain values to the controller."""
    outcome = yield
    found = item.stash.get(FOUND, None)
    if call.when == "call" and found is not None:
        outcome.convergence = found
    return outcome


class Collector:
    """Gathers the reports where the summary is written: in the controller, with pytest-xdist."""

    def __init__(self, config: pytest.Config):
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what `pytest_runtest_makereport` attached, the last try of a test only."""
        found = getattr(report, "convergence", None)
        if found is not None:
            self.config.stash[REPORTS][report.nodeid] = found

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The verdict table."""
        found = list(self.config.stash[REPORTS].values())
        if not found:
            return
        terminalreporter.section(TITLE)
        for row in table(found):
            terminalreporter.write_line(row)

    def pytest_sessionfinish(self) -> None:
        """The JSON of --convergence-json, in the schema of `convergence verify --json`."""
        file = self.config.getoption("--convergence-json")
        if file is None:
            return
        found = list(self.config.stash[REPORTS].values())
        document = {
            "schema": SCHEMA,
            "run": {
                "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "tier": self.config.getoption("--convergence-tier"),
                "alpha": budget(self.config),
                "asked": len(found),
            },
            "claims": found,
            "errors": [],
        }
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        Path(file).write_text(text, encoding="utf-8")


def table(reports: list[dict[str, Any]]) -> list[str]:
    """One line a claim and a header: slug, verdict, whether expected, slack, power, seconds."""
    width = max(5, *(len(r["slug"]) for r in reports))
    head = (
        f"{'claim':<{width}}  {'verdict':<12}  {'expected':<12}  {'slack':>7}  {'power':>7}  time"
    )
    lines = [head]
    for r in reports:
        agreed = "yes" if r["verdict"] == r["expect"] else r["expect"]
        slack = _short(r["slack"]) + ("*" if r["vacuous"] else "")
        lines.append(
            f"{r['slug']:<{width}}  {r['verdict']:<12}  {agreed:<12}  {slack:>7}  "
            f"{_short(r['power']):>7}  {r['seconds']:.1f}s"
        )
    agree = sum(r["verdict"] == r["expect"] for r in reports)
    lines.append(f"{agree} of {len(reports)} verdicts as expected; alpha {reports[0]['alpha']:.2g}"
                 " a claim")  # fmt: skip
    if any(r["vacuous"] for r in reports):
        lines.append("* vacuous: the bound says no more than holds without running")
    return lines


def _short(value: Any) -> str:
    """Three digits, or a dash for nothing."""
    return "–" if value is None else f"{float(value):.3g}"
