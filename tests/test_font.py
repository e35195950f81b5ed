"""The font of figures."""

from __future__ import annotations

from pathlib import Path

from matplotlib.font_manager import findfont, get_font

import convergence
from convergence.figures.style import RC


def test_it_has_every_letter_of_theorems_and_metrics() -> None:
    """One that it lacks is an empty box in a figure, and a line of complaint in the log."""
    font = get_font(findfont(RC["font.family"]))
    root = Path(convergence.__file__).parent
    files = [f for room in ("theorems", "metrics", "registry") for f in (root / room).rglob("*.py")]
    letters = set("".join(f.read_text(encoding="utf-8") for f in files)) - {"\n"}
    assert len(letters) > 200
    assert [c for c in sorted(letters) if not font.get_char_index(ord(c))] == []
    assert not font.get_char_index(0x1D4DB)
