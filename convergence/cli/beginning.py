"""`convergence new FILE --kind KIND`: a file to begin with, which runs as it is."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path

from convergence.cli.streams import print_json
from convergence.errors import require
from convergence.files import write_whole

TEMPLATES = Path(__file__).parent / "templates"


def begin(arguments: Namespace) -> int:
    """Write a template to a file that does not exist yet."""
    path: Path = arguments.file
    require(path.suffix == ".py", f"{str(path)!r}", "a name that ends in .py", "add it")
    require(not path.exists(), f"{str(path)!r}, which exists", "a new file", "choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (TEMPLATES / f"{arguments.kind}.txt").read_bytes())
    then = f"convergence verify {shlex.quote(str(path))}"
    if arguments.json:
        made = {"file": str(path), "kind": arguments.kind, "next": then}
        print_json({"schema": "convergence-new/1", **made})
    else:
        print(f"{path}: now `{then}`", file=sys.stderr)
    return 0
