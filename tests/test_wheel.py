"""The wheel holds the package alone, and works where the sources are not."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(out)]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = out.glob("*.whl")
    return found


def test_it_holds_the_package_alone(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"convergence"}
    assert "convergence/py.typed" in names
    kinds = (".py", ".csv", ".bib")
    files = [p for p in (ROOT / "convergence").rglob("*") if p.suffix in kinds]
    sources = {str(p.relative_to(ROOT)) for p in files}
    assert sources <= set(names)


def test_it_works_in_an_environment_of_its_own(wheel: Path, tmp_path: Path):
    """A fresh environment that borrows this one's dependencies, but not the package."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    paths = [p for p in sys.path if p.endswith("site-packages")]
    (site,) = place.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # An editable install of the sources is a .pth file there, which PYTHONPATH does not run.
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join([str(site), *paths])}
    (tmp_path / "mine.py").write_text((ROOT / "tests" / "own.py").read_text())

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(python), *command],
            capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
        )  # fmt: skip

    where = run("-c", "import convergence; print(convergence.__file__)").stdout
    assert where.startswith(str(site))
    done = run("-m", "convergence", "verify", "mine.py")
    assert done.returncode == 1, done.stderr  # own-odd expects REFUTED
    assert "1 of 2 verdicts as expected" in done.stdout
    listed = run("-m", "convergence", "list")
    assert listed.returncode == 0, listed.stderr
    assert "galore-stalls" in listed.stdout
