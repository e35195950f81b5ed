"""Pictures under your fingers: a control for every argument of a drawing function.

Where ipywidgets is missing, or STILL is set in the environment (for a page that is made without a
screen), the picture at the first values stands still.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Sequence
from typing import Any

from IPython.display import display
from matplotlib.figure import Figure

from convergence.errors import require
from convergence.figures.style import styled

Control = tuple[Any, Sequence[Any]]  # (the first value, all values)

MISSING = (
    "ipywidgets is not installed, so the picture below stands still at its first values; "
    "`make notebooks`, or `pip install ipywidgets`, brings the controls."
)


def play(draw: Callable[..., Figure], **controls: Control) -> None:
    """Show `draw(**values)` under a control for each value: a slider for numbers, a list for words.

    `draw` is called once now, and again whenever a control is let go.
    """
    for name, (first, values) in controls.items():
        require(
            first in list(values),
            f"{first!r} for the control {name!r}",
            f"one of {list(values)}",
            "start it at a value that it can take",
        )
    still = png(draw, **{name: first for name, (first, _) in controls.items()})
    picture = {"image/png": base64.b64encode(still).decode(), "text/plain": "a picture"}
    if controls and not os.environ.get("STILL"):
        try:
            import ipywidgets
        except ImportError:
            print(MISSING)
        else:
            picture |= live(ipywidgets, draw, controls, still)
    display(picture, raw=True)


def live(
    widgets: Any, draw: Callable[..., Figure], controls: dict[str, Control], still: bytes
) -> Any:
    """The controls above the picture, as what a notebook displays."""
    image = widgets.Image(value=still, format="png", layout={"max_width": "100%"})
    knobs = {name: knob(widgets, name, *control) for name, control in controls.items()}

    def redraw(change: Any) -> None:
        image.value = png(draw, **{name: knob.value for name, knob in knobs.items()})

    for made in knobs.values():
        made.observe(redraw, "value")
    return widgets.VBox([*knobs.values(), image])._repr_mimebundle_()


def knob(widgets: Any, name: str, first: Any, values: Sequence[Any]) -> Any:
    """One control."""
    if isinstance(first, str):
        return widgets.Dropdown(options=list(values), value=first, description=name)
    options = [(f"{value:.3g}", value) for value in values]
    return widgets.SelectionSlider(
        options=options, value=first, description=name, continuous_update=False
    )


def png(draw: Callable[..., Figure], **values: Any) -> bytes:
    """The picture, in the style of this project."""
    file = io.BytesIO()
    with styled():
        draw(**values).savefig(file, format="png", dpi=100)
    return file.getvalue()
