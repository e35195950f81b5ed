"""Claims on other processes: the same records bit for bit, and no worker takes the run with it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from convergence.claims.modules import claims_in
from convergence.cli import main
from convergence.cluster import executors, groups, task
from convergence.errors import InvalidInput

MODULE = """
import os, pathlib, signal, time
from convergence import Claim
from convergence.noise import Gaussian
from convergence.problems import Isotropic
from convergence.theorems import SGDNonconvex

HERE = pathlib.Path(__file__).parent
def made(of, slug):
    return of(slug, SGDNonconvex(scale=0.1), Isotropic([1.0, 1.0]), Gaussian(sigma=1.0),
              horizons=(4, 8), seeds=128)
class Kills(Claim):
    def verify(self, *_):
        os.kill(os.getpid(), signal.SIGKILL)
class Raises(Claim):
    def verify(self, *_):
        raise RuntimeError("it cannot be done")
class Slow(Claim):
    def verify(self, *asked):
        while not (HERE / "go").exists():
            time.sleep(0.05)
        return super().verify(*asked)
"""
GOOD = 'CLAIMS = (made(Claim, "first"), made(Slow, "slow"), made(Claim, "last"))\n'
BAD = 'CLAIMS = (made(Kills, "kills"), made(Raises, "raises"), *CLAIMS)\n'
# A suite started in the background hands down an ignored SIGINT; a terminal does not.
LISTENING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from convergence.claims.modules import claims_in
from convergence.cli import main
raise SystemExit(main())
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "good.py").write_text(MODULE + GOOD)
    (tmp_path / "bad.py").write_text(MODULE + GOOD + BAD)
    return tmp_path


@pytest.fixture
def beside_another_cluster() -> Iterator[None]:
    """The port that dask takes unless told otherwise is in use."""
    with socket.socket() as other:
        with contextlib.suppress(OSError):  # in use already
            other.bind(("127.0.0.1", 8787))
            other.listen()
        yield


def recorded(folder: Path) -> dict[str, bytes]:
    """Every record, byte by byte."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.glob("*/*.record")}


def run(home: Path, name: str, out: str, *said: str) -> tuple[int, dict[str, Any]]:
    file = home / f"{out}.json"
    folder = str(home / out)
    code = main(["verify", str(home / f"{name}.py"), "--out", folder, "--json", str(file), *said])
    return code, json.loads(file.read_text())


def same(home: Path, out: str, serial: str = "serial") -> None:
    ours = recorded(home / out)
    assert ours == recorded(home / serial)
    assert len(ours) == 6


@pytest.mark.usefixtures("beside_another_cluster")
def test_dask_stopped_and_resumed_with_a_worker_that_dies(home: Path):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    out = home / "wide"
    said = ["verify", str(home / "good.py"), "--on", "dask", "--jobs", "2", "--out", str(out)]
    with subprocess.Popen([sys.executable, "-c", LISTENING, *said]) as under_way:
        try:
            until = time.monotonic() + 120
            while len(list(out.glob("*/*.record"))) < 4 and time.monotonic() < until:
                time.sleep(0.1)
            under_way.send_signal(signal.SIGINT)
            assert under_way.wait(60) == 130
        finally:
            under_way.kill()
    assert not list(out.glob("slow/*.record"))
    (home / "go").touch()
    began = {p: p.stat().st_mtime_ns for p in out.glob("*/*.record")}
    code, found = run(home, "bad", "wide", "--on", "dask", "--jobs", "1")
    assert code == 2
    assert {e["slug"]: e["error"] for e in found["errors"]} == {
        "kills": "not run: the process that ran it ended, twice",
        "raises": "could not be judged: RuntimeError: it cannot be done (bad.py:17)",
    }
    assert {c["slug"]: c["look"] for c in found["claims"]} == {"first": 1, "slow": 1, "last": 1}
    assert len(began) == 4
    assert all(p.stat().st_mtime_ns == then for p, then in began.items())
    assert run(home, "good", "serial")[0] == 0
    same(home, "wide")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of submitit
def test_submitit_on_processes_of_this_machine(home: Path):
    pytest.importorskip("submitit", reason="the extra slurm is not installed")
    (home / "go").touch()
    assert run(home, "good", "serial")[0] == 0
    assert run(home, "good", "wide", "--on", "local", "--jobs", "2")[0] == 0
    same(home, "wide")
    code, found = run(home, "good", "here", "--on", "debug", "--alpha", "0.01")
    assert (code, found["run"]["alpha"]) == (0, 0.01)
    same(home, "here")


@pytest.mark.standard
def test_a_job_that_dies_is_sent_once_more(home: Path):
    pytest.importorskip("submitit", reason="the extra slurm is not installed")
    (home / "go").touch()
    code, found = run(home, "bad", "wide", "--on", "local", "--jobs", "1")
    assert code == 2
    assert sorted(e["slug"] for e in found["errors"]) == ["kills", "raises"]
    assert {c["slug"] for c in found["claims"]} == {"first", "slow", "last"}


def refused(said: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence of a call that ends with exit code 2."""
    try:
        code = main(said)
    except SystemExit as leave:
        code = leave.code
    assert code == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert "Traceback" not in "".join(lines)
    return lines[-1]


def test_schedulers_that_do_not_answer(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    said = ["verify", str(home / "good.py"), "--out", str(home / "o"), "--on"]
    for odd in ("mars", "tcp://here", "dask:3"):
        assert "the address of a scheduler" in refused([*said, odd], capsys)
    monkeypatch.setattr(executors.shutil, "which", lambda _: None)
    assert "no `sbatch` here" in refused([*said, "slurm"], capsys)
    monkeypatch.setattr(executors, "WAIT", 0.5)
    assert "No scheduler of dask answers" in refused([*said, "tcp://127.0.0.1:9"], capsys)
    monkeypatch.setitem(sys.modules, "submitit", None)
    assert "pip install 'convergence-lab[slurm]'" in refused([*said, "local"], capsys)
    assert not (home / "o" / task.MARK).exists()


@pytest.mark.usefixtures("beside_another_cluster")
def test_workers_that_are_not_there_or_lack_the_package(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    without = home / "without.py"
    without.write_text("import sys\nsys.modules['convergence'] = None\n")
    monkeypatch.setattr(executors, "WAIT", 2.0)
    (home / "go").touch()
    with distributed.LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        preload=[str(without)],
    ) as cluster:
        said = ["verify", str(home / "good.py"), "--out", str(home / "o")]
        said += ["--on", cluster.scheduler_address]
        assert "has no workers" in refused(said, capsys)
        monkeypatch.setattr(executors, "WAIT", 30.0)
        cluster.scale(1)
        assert "does not have the package convergence-lab" in refused(said, capsys)


@pytest.mark.usefixtures("beside_another_cluster")
def test_a_worker_that_joins_late_without_the_package(home: Path, capsys: Any):
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    without = home / "without.py"
    without.write_text("import sys\nsys.modules['convergence'] = None\n")
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
    ) as cluster:

        def join() -> None:
            while not any(state.processing for state in cluster.scheduler.workers.values()):
                time.sleep(0.05)
            cluster.new_spec["options"]["preload"] = [str(without)]
            cluster.scale(2)

        late = threading.Thread(target=join, daemon=True)
        late.start()
        said = ["verify", str(home / "good.py"), "--out", str(home / "o")]
        said += ["--on", cluster.scheduler_address]  # the first worker is busy with "slow"
        assert "A worker does not have the package" in refused(said, capsys)
        late.join()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of submitit
def test_a_store_has_one_scheduler(home: Path, capsys: pytest.CaptureFixture[str]):
    desk = task.Desk(home / "o")
    said = ["verify", str(home / "good.py"), "--out", str(home / "o"), "--on", "debug"]
    assert f"another scheduler (process {os.getpid()} on" in refused(said, capsys)
    desk.close()
    task.Desk(home / "o").close()


def test_a_worker_that_differs_does_nothing(home: Path):
    desk = task.Desk(home / "o")
    asked = desk.task(claims_in(home / "good.py")[0], executors_settings())
    assert task.misfit(asked, "here") == ""
    others = asked | {"facts": asked["facts"] | {"backend": "gpu"}}
    ((answer,), (lost,)) = task.work([others]), task.work([asked | {"out": str(home)}])
    assert "has backend = cpu and the scheduler gpu" in answer["unfit"]
    assert "does not see the folder" in lost["unfit"]
    assert recorded(home / "o") == {}
    desk.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of submitit
def test_what_differs_ends_the_run(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    (home / "go").touch()
    monkeypatch.setattr(task, "misfit", lambda *_: "The worker has another version.")
    said = ["verify", str(home / "good.py"), "--out", str(home / "o"), "--on", "debug"]
    assert refused(said, capsys) == "convergence: The worker has another version."


def executors_settings() -> Any:
    from convergence.claims.settings import Settings

    return Settings(alpha=0.01)


def fake(slug: str, steps: int) -> Any:
    return SimpleNamespace(slug=slug, plan=lambda _: ((steps,), 1000))


def test_groups_are_of_like_cost():
    claims = [fake(f"c{k}", steps) for k, steps in enumerate([10, 4000, 20, 8_000_000, 4100, 30])]
    found = groups.alike(claims, None, most=10.0)
    assert found == [[3], [1, 4], [0, 2, 5]]
    assert sorted(k for group in found for k in group) == list(range(6))
    for group in found:
        costs = [groups.cost(claims[k], None) for k in group]
        assert max(costs) < 2 * min(costs)
    assert sorted(k for hand in groups.dealt(claims, None, 2) for k in hand) == list(range(6))


def test_one_process_a_gpu(monkeypatch: pytest.MonkeyPatch):
    assert executors.environments(3, [], {"NPROC": "16"}) == [{"NPROC": "16"}] * 3
    found = executors.environments(3, ["0", "GPU-7"], {"NPROC": "16"})
    assert [e["CUDA_VISIBLE_DEVICES"] for e in found] == ["0", "GPU-7"]
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert executors.gpus() == []
    monkeypatch.setenv("JAX_PLATFORMS", "")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert executors.gpus() == ["2", "5"]
    assert task.environment()["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    with pytest.raises(InvalidInput, match="needs there"), executors.extra("there", "needs there"):
        raise ImportError("no")
