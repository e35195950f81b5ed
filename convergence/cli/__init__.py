"""The command line: `convergence list | show | catalog | serve | new | verify | collect |
falsify | prove | figures | report | reproduce | records | plan | rate | audit | score |
worst-case`.

Exit codes: 0 when every verdict is the expected one, 1 otherwise, 2 for bad usage or bad input,
130 after Ctrl-C. Nothing here imports JAX before the arguments are known to be sound.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from convergence.cli.parser import parser
from convergence.cli.streams import steady
from convergence.errors import InvalidInput, told


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; usage errors leave by `SystemExit(2)`."""
    with steady() as streams:
        try:
            code = _run(argv)
        except SystemExit as leave:  # by argparse
            for stream in streams:
                stream.flush()  # what is buffered is lost only here
            if leave.code or not any(stream.lost for stream in streams):
                raise
            code = 2
        for stream in streams:
            stream.flush()
        if lost := next((stream for stream in streams if stream.lost), None):
            print(f"convergence: the output cannot be written: {lost.failure}.", file=sys.stderr)
            code = code if code == 130 else 2
    return code


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    try:
        from convergence.cli import commands

        return getattr(commands, arguments.command.replace("-", "_"))(arguments)
    except KeyboardInterrupt:
        print("convergence: interrupted", file=sys.stderr)
        return 130
    except BaseException as error:  # SystemExit too: what a claim calls has no say in the exit code
        if arguments.debug:
            raise
        hint = "" if isinstance(error, InvalidInput) else "; --debug shows the traceback"
        said = f"{told(error)}{hint}"
        print(f"convergence: {said}{'' if said[-1:] == '?' else '.'}", file=sys.stderr)
        return 2
