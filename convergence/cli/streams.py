"""Output that ends no run: what cannot be written is remembered, and said at the end.

A reader may leave (`| head`), a disk may be full, and an encoding may lack ✓. A run that dies of
that has lost its work.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

from convergence.files import json_text

PLAIN = {
    "✓": "+", "✗": "x", "–": "-", "−": "-", "∞": "inf", "≤": "<=", "≥": ">=", "‖": "||", "·": ".",
    "…": "...", "√": "sqrt", "∇": "grad ", "→": "->", "←": "<-", "×": "x", "’": "'",
}  # fmt: skip


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that an encoding lacks: likenesses in ASCII, or "?"."""
    assert isinstance(error, UnicodeEncodeError)
    found = ""
    for sign in error.object[error.start : error.end]:
        bare = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
        words = unicodedata.name(sign, "?").split()
        kind, last = words[0], words[-1]  # of one word: PERPENDICULAR
        if kind == "GREEK":
            bare = last.title() if sign.isupper() else last.lower()
        found += PLAIN.get(sign) or ("^" * (kind == "SUPERSCRIPT") + bare) or "?"
    return found, error.end


codecs.register_error("plain", _plain)


class Steady:
    """A text stream whose failure to write is kept as `failure`; what follows goes nowhere."""

    def __init__(self, stream: Any):
        self.stream, self.failure = stream, None if stream else OSError(errno.EBADF, "it is closed")

    def write(self, text: str) -> int:
        """Write what the encoding has, and likenesses of the rest."""
        if self.failure is None:
            encoding = self.stream.encoding or "utf-8"
            self._try(self.stream.write, text.encode(encoding, "plain").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered."""
        if self.failure is None:
            self._try(self.stream.flush)

    def close(self) -> None:
        """Flush: who kept it, as absl's log does, owns no stream."""
        self.flush()

    def __eq__(self, other: object) -> bool:
        """It is taken for the stream under it: absl's log closes none that is in use."""
        return getattr(other, "stream", other) is self.stream

    def __hash__(self) -> int:
        return hash(self.stream)

    def isatty(self) -> bool:
        """Whether somebody looks."""
        return self.stream is not None and self.stream.isatty()

    def __getattr__(self, name: str) -> Any:
        if name == "stream":  # while it is being unpickled
            raise AttributeError(name)
        return getattr(self.stream, name)

    def _try(self, action: Any, *arguments: Any) -> None:
        try:
            action(*arguments)
        except (OSError, ValueError) as error:  # a closed file is a ValueError
            self.failure = error if isinstance(error, OSError) else OSError(errno.EBADF, str(error))
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.stream.fileno())  # the interpreter flushes at its end
                os.close(nowhere)

    @property
    def lost(self) -> bool:
        """Whether something was not written that somebody wanted: a reader that leaves has read
        what it wanted."""
        return self.failure is not None and self.failure.errno != errno.EPIPE


@contextlib.contextmanager
def steady() -> Iterator[tuple[Steady, Steady]]:
    """The standard streams made `Steady` for a while."""
    for descriptor in range(3):  # a closed one would be given to the next file that is opened
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    before = sys.stdout, sys.stderr
    made = Steady(before[0]), Steady(before[1])
    sys.stdout, sys.stderr = made
    try:
        yield made
    finally:
        for stream in made:
            stream.flush()
        sys.stdout, sys.stderr = before


def print_json(content: Any) -> None:
    """JSON on the standard output, with escapes for what its encoding lacks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(json_text(content, ascii=not encoding.lower().startswith("utf")))
