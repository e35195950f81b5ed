"""The command line: `convergence list | show | verify | falsify | prove | figures | report |
audit` and `reproduce`.

Exit codes: 0 when every verdict is the expected one, 1 otherwise, 2 for bad usage or bad input,
130 after Ctrl-C. Nothing here imports JAX before the arguments are known to be sound.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from convergence.cli.parser import parser
from convergence.errors import InvalidInput, told


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; usage errors leave by `SystemExit(2)`."""
    arguments = parser().parse_args(argv)
    try:
        from convergence.cli import commands

        return getattr(commands, arguments.command)(arguments)
    except KeyboardInterrupt:
        print("convergence: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader left, as `| head` does; nothing can be said any more
        return 0
    except Exception as error:
        if arguments.debug:
            raise
        hint = "" if isinstance(error, InvalidInput) else "; --debug shows the traceback"
        print(f"convergence: {told(error)}{hint}.", file=sys.stderr)
        return 2
