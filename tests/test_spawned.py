"""Claims in processes of this machine: the same reports, and no process takes the run with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from convergence.claims.modules import claims_in
from convergence.claims.notary import Notary
from convergence.claims.settings import Settings
from convergence.cli import main, pools
from convergence.cli.pool import Pool
from convergence.cli.spawned import Spawned
from convergence.store import Store
from convergence.workers import ALONE
from tests.test_cluster import BAD, GOOD, LISTENING, MODULE, recorded

# Of many kinds: single runs and many, laws, floors, separations, identities, refuted by a proof.
MANY = ("gd-huber-tight", "gd-value-any-step", "galore-lemma-3-3", "golore-sgd-law",
        "galore-stalls", "random-coordinate-descent", "stochastic-polyak-law", "gd-nonconvex",
        "adawac-last-iterate-comes", "galore-lemma-3-3-as-printed", "golore-counterexample-law",
        )  # fmt: skip


def run(out: Path, targets: tuple[str, ...], *said: str) -> tuple[int, dict[str, Any], Any]:
    """(exit code, JSON, what the certificate says of claims) of a run with two jobs."""
    file, certificate = out.with_suffix(".json"), out.with_suffix(".certificate.json")
    words = ["--json", str(file), "--certificate", str(certificate), "--jobs", "2", *said]
    code = main(["verify", *targets, "--out", str(out), *words])
    claims = json.loads(certificate.read_text())["claims"] if certificate.exists() else None
    return code, json.loads(file.read_text()), claims


def timeless(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [{k: v for k, v in claim.items() if k != "seconds"} for claim in found["claims"]]


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is long enough for processes."""
    monkeypatch.setattr(pools, "LONG", 0.0)


def test_reports_records_and_certificates_are_those_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MODULE + 'CLAIMS = (made(Claim, "first"),)\n')
    targets = (*MANY, "mine.py")
    code, here, mine = run(tmp_path / "here", targets)
    monkeypatch.setattr(pools, "LONG", 0.0)
    monkeypatch.setattr(Pool, "_here", None)
    again, there, theirs = run(tmp_path / "there", targets)
    assert code == again == 0
    assert len(timeless(here)) == len(targets)
    assert timeless(here) == timeless(there)
    assert mine == theirs
    assert recorded(tmp_path / "here") == recorded(tmp_path / "there")
    assert {p.parent.name for p in (tmp_path / "there").glob("*/report.json")} == {*MANY, "first"}


@pytest.mark.usefixtures("long")
def test_a_claim_that_kills_or_raises_spoils_no_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    (tmp_path / "go").touch()
    leaves = "class Leaves(Claim):\n    def verify(self, *_):\n        raise SystemExit(3)\n"
    head = "    def verify(self, *_):\n"
    said = "        print('it kills', flush=True)\n"
    kills = MODULE.replace(f"{head}        os.kill", f"{head}{said}        os.kill")
    more = 'CLAIMS = (made(Leaves, "leaves"), *CLAIMS)\n'
    (tmp_path / "bad.py").write_text(kills + leaves + GOOD + BAD + more)
    code, found, _ = run(tmp_path / "o", (str(tmp_path / "bad.py"),), "--debug")
    assert code == 2
    assert [c["slug"] for c in found["claims"]] == ["first", "slow", "last"]
    assert {e["slug"]: e["error"] for e in found["errors"]} == {
        "kills": "not run: the process that ran it ended, twice",
        "raises": "could not be judged: RuntimeError: it cannot be done (bad.py:18)",
        "leaves": "could not be judged: RuntimeError: SystemExit: 3 (bad.py:26)",
    }
    heard = capfd.readouterr()
    assert heard.out.count("it kills") == 2
    assert "in verify\n" in heard.err  # of the traceback
    assert len(recorded(tmp_path / "o")) == 6


def test_a_claim_whose_process_was_killed_is_judged_by_another(tmp_path: Path):
    (tmp_path / "good.py").write_text(MODULE + GOOD)
    claims = claims_in(tmp_path / "good.py")
    told: list[str] = []
    pool = Spawned(
        claims, Settings(), Notary(Store(tmp_path / "o")), 1, lambda c, *_: told.append(c.slug)
    )
    walk = iter(pool)
    assert next(walk)[1].slug == "first"  # pyright: ignore[reportAttributeAccessIssue]
    (hand,) = pool._hands  # pyright: ignore[reportPrivateUsage]
    first: int = hand._process.pid  # pyright: ignore[reportPrivateUsage]
    time.sleep(0.5)  # now "slow" waits in it
    os.kill(first, signal.SIGINT)  # as a terminal does at Ctrl-C; it is not for this process
    time.sleep(0.5)
    os.kill(first, signal.SIGKILL)
    (tmp_path / "go").touch()
    assert [report.slug for _, report in walk] == ["slow", "last"]  # pyright: ignore
    assert hand._process is None or hand._process.pid != first  # pyright: ignore
    assert told == ["first", "first", "slow", "slow", "last", "last"]
    pool.close()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's /proc")
def test_ctrl_c_of_a_terminal_keeps_what_is_finished(tmp_path: Path):
    waits = (
        "def wait(T):\n    (HERE / f'begun.{os.getpid()}').touch()\n    time.sleep(600)\n"
        "CLAIMS = (made(Claim, 'first'), Claim('endless', SGDNonconvex(), wait, seeds=10**6))\n"
    )
    (tmp_path / "mine.py").write_text(MODULE + waits)
    command = [sys.executable, "-c", LISTENING, "verify", "mine.py", "--json", "a.json"]
    process = subprocess.Popen(
        [*command, "--jobs", "2"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True, env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    until = time.monotonic() + 120

    def ready() -> bool:
        return bool(list(tmp_path.glob("begun.*")) and list(tmp_path.glob("results/first/looks/*")))

    try:
        while not ready() and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(3)  # a look is kept before it is judged, which takes milliseconds
        os.killpg(process.pid, signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - began < 10
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "1 of 2 claims were finished" in out
    assert "Traceback" not in err
    assert [c["slug"] for c in json.loads((tmp_path / "a.json").read_text())["claims"]] == ["first"]
    (begun,) = tmp_path.glob("begun.*")
    assert not Path("/proc", begun.suffix[1:]).exists()


def test_short_runs_stay_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pools, "Spawned", None)
    (tmp_path / "good.py").write_text(MODULE + GOOD)
    (tmp_path / "go").touch()
    assert main(["verify", str(tmp_path / "good.py"), "--out", str(tmp_path / "o")]) == 0


def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        "from convergence.cli import main, pools\n"
        "print('begun', flush=True)\n"
        "pools.LONG = 0.0\n"
        "raise SystemExit(main(['verify', 'gd-huber-tight', 'gd-nonconvex', '--jobs', '2']))\n"
    )
    told = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("begun") == 1


def test_products_of_matrices_keep_to_one_thread_unless_told() -> None:
    """Their last bits hang on how many there are: on the machine."""
    asked = "from convergence.cli.environment import prepare; prepare()"
    told = "import os, numpy; print(os.environ['OPENBLAS_NUM_THREADS'])"
    bare = {name: value for name, value in os.environ.items() if name not in ALONE}
    for given, expected in ({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2"):
        done = subprocess.run(
            [sys.executable, "-c", f"{asked}; {told}"],
            env={**bare, **given}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == expected


def test_kept_programs_are_found_again_by_the_same_machine_alone(tmp_path: Path) -> None:
    def programs(out: str, **environment: str) -> dict[str, set[str]]:
        command = [sys.executable, "-m", "convergence", "verify", "galore-stalls", "--quiet"]
        subprocess.run(
            [*command, "--out", out, "--programs", "kept"],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.getcwd(), **environment}, check=True,
        )  # fmt: skip
        return {p.name: {f.name for f in p.glob("*-cache")} for p in (tmp_path / "kept").iterdir()}

    ((name, first),) = programs("a").items()
    assert name.startswith(f"jaxlib-{metadata.version('jaxlib')}-")
    assert first
    assert programs("b") == {name: first}
    assert recorded(tmp_path / "a") == recorded(tmp_path / "b")
    assert len(programs("c", XLA_FLAGS="--xla_force_host_platform_device_count=1")) == 2


def test_programs_are_kept_for_processes_of_this_machine(capsys: pytest.CaptureFixture[str]):
    assert main(["verify", "gd-huber-tight", "--programs", "kept", "--on", "local"]) == 2
    assert "--programs beside --on local" in capsys.readouterr().err
    assert main(["verify", "gd-huber-tight", "--programs", "kept"]) == 2
    assert "--programs where JAX is imported already" in capsys.readouterr().err
