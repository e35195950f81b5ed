"""Workers that end when the process that started them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

LIMIT = 120.0  # seconds, on a busy machine


def sleeps(folder: Path) -> str:
    """The body of a function that says in a folder that it has begun, wherever it works."""
    return f"    open(f'{folder}/begun.{{os.getpid()}}', 'w').close()\n    time.sleep(999)\n"


def figures(folder: Path) -> list[str]:
    """Enough figures that they are drawn in processes."""
    (folder / "paper_figures").mkdir()
    for k in range(8):
        text = f"import os, time\ndef draw(out):\n{sleeps(folder)}"
        (folder / f"paper_figures/f{k}.py").write_text(text)
    return ["figures"]


def audit(folder: Path) -> list[str]:
    """An optimizer that does not answer."""
    text = f"import os, time\ndef mine(lr=0.1):\n{sleeps(folder)}"
    (folder / "mine.py").write_text(text)
    return ["audit", "mine.py:mine", "--as", "unknown", "--time", "900"]


def verify(folder: Path) -> list[str]:
    """Two claims of so many runs that they are judged in processes."""
    text = (
        "import os, time\nfrom convergence import Claim\n"
        "from convergence.theorems import SGDNonconvex as Plain\n"
        f"def mine(T):\n{sleeps(folder)}"
        "CLAIMS = tuple(Claim(s, Plain(), mine, horizons=(10**6,), seeds=1000) for s in 'ab')\n"
    )
    (folder / "mine.py").write_text(text)
    return ["verify", "mine.py"]


def begun(folder: Path) -> list[int]:
    return [int(p.name.partition(".")[2]) for p in folder.glob("begun.*")]


def alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + LIMIT
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
@pytest.mark.parametrize("work", [figures, audit, verify])
def test_no_worker_outlives_its_parent(
    work: Callable[[Path], list[str]], how: signal.Signals, tmp_path: Path
):
    root = str(Path(__file__).parents[1])
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    parent = subprocess.Popen(
        [sys.executable, "-m", "convergence", *work(tmp_path)], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root, "TMPDIR": str(temporary)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        assert until(lambda: bool(begun(tmp_path)) or parent.poll() is not None)
        assert parent.poll() is None, "it ended before it was killed"
        workers = begun(tmp_path)
        assert all(map(alive, workers))
        parent.send_signal(how)
        parent.wait(LIMIT)
        assert until(lambda: not any(map(alive, begun(tmp_path))))
        assert until(lambda: not list(temporary.glob("convergence-*")))
    finally:
        for pid in (parent.pid, *begun(tmp_path)):
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        parent.wait(LIMIT)
