"""What others install from: the action, the hooks, templates and recipes name what there is."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from convergence import __version__
from convergence.cli.parser import parser

ROOT = Path(__file__).parents[1]


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob(".github/**/*.yml"), ROOT / ".readthedocs.yaml"]), ids=str
)
def test_every_file_of_the_host_is_yaml(path: Path):
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_the_action_asks_for_commands_that_there_are():
    steps = read("action.yml")["runs"]["steps"]
    script = next(step["run"] for step in steps if step.get("id") == "run")
    script = script.replace("\\\n", " ").replace("$TARGETS", "a.py").replace("$ARGUMENTS", "")
    Path("a.py")
    commands = re.findall(r"convergence (?:verify|audit|report) [^&|;\n]*", script)
    assert len(commands) == 3
    for command in commands:
        words = [w for w in shlex.split(command)[1:] if w != "a.py"]
        parser().parse_args(words)
    for step in steps:
        assert "uses" in step or step["shell"] == "bash"


def test_the_action_runs_as_its_steps_say(tmp_path: Path):
    """The step `run`, by hand, in a stranger's folder: page, JSON and badge are where it says."""
    steps = read("action.yml")["runs"]["steps"]
    script = next(step["run"] for step in steps if step.get("id") == "run")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "convergence").write_text(f'#!/bin/sh\nexec {sys.executable} -m convergence "$@"\n')
    (bin_ / "convergence").chmod(0o755)
    (tmp_path / "own.py").write_text((ROOT / "tests/own.py").read_text())
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env={
            "PATH": f"{bin_}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu",
            "COMMAND": "verify", "TARGETS": "own.py", "ARGUMENTS": "--quiet", "HOME": str(tmp_path),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
        },
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # one claim of the file expects another verdict
    made = tmp_path / "results/report"
    assert {p.name for p in made.iterdir()} == {"index.html", "report.json", "badge.json"}
    assert json.loads((made / "badge.json").read_text())["message"] == "1/2 as expected"
    assert (tmp_path / "output").read_text().strip() == "report=results/report"


def test_the_hooks_run_commands_that_there_are():
    hooks = read(".pre-commit-hooks.yaml")
    assert [hook["stages"] for hook in hooks] == [["pre-push"]] * 2
    for hook in hooks:
        parser().parse_args(shlex.split(hook["entry"])[1:])


def test_the_recipe_needs_what_the_package_needs():
    text = (ROOT / "conda/meta.yaml").read_text()
    assert f'set version = "{__version__}"' in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {"matplotlib": "matplotlib-base", "lazy_loader": "lazy-loader"}
    run = text.split("  run:")[1].split("test:")[0]
    for needed in project["dependencies"]:
        name, least = re.fullmatch(r"([\w-]+)>=(\S+)", needed).groups()  # type: ignore[union-attr]
        assert f"- {named.get(name, name)} >={least}\n" in run, needed


def test_names_of_people_are_blanks():
    text = (ROOT / "paper/paper.md").read_text()
    assert "[AUTHOR: to be filled in]" in text
    cited = set(re.findall(r"@(\w+)", text.split("---", 2)[2]))
    known = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "paper/paper.bib").read_text(), re.M))
    assert cited == known
