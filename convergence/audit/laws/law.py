"""A law, what it may find, and how two paths that should be one are compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from convergence.audit.subject import Path, Subject

# What differs by so many unit roundoffs a step is one path, computed in another order.
ROUNDINGS = 64
STORED = 2.0**-48  # of |x| a step: sixteen unit roundoffs of float64; 2⁻²⁰ in float32


# Statements with the numbers of certain families.
ONLY = {
    "S1": ("adam", "adamw"),
    "S2": ("sgd", "rmsprop", "adagrad"),
    "S3": ("adagrad",),
    "S10": ("adam", "adamw", "sign", "sophia"),
    "S11": ("adabelief",),
    "S14": ("orthogonalized",),
    "A1": ("schedule-free",),
    "R6": ("sgd", "heavy-ball", "nesterov", "momentum"),
    "N1": ("nesterov",),
    "C10": ("sgd", "heavy-ball", "nesterov", "momentum"),
    "C11": ("sgd", "heavy-ball", "momentum"),
    "C14": ("extragradient",),
    "C15": ("optimistic",),
    "C16": ("low-rank",),
    "S16": ("adam", "adamw"),
    "S18": ("adafactor",),
    "S19": ("adam", "adamw"),
    "S20": ("adam", "adamw"),
    "S21": ("sgd", "heavy-ball"),
    "U37": ("sgd", "heavy-ball", "nesterov", "adam", "adamw", "rmsprop", "adagrad"),
    "W7": ("sgd", "heavy-ball", "nesterov", "adam"),
    "K2": ("polyak",),
}
# Lengths of steps in units of a rate, which has to be known.
RATED = ("S1", "S2", "S3", "S10", "S11")
LARGEST = ("amsgrad", "ams_bound")
# Options beside which a method is another one than that of the statement's numbers.
OTHERS = {
    "S1": ("nesterov",),
    "S2": ("nesterov", "centered", "bias_correction", "initial_scale"),
    "S3": ("lr_decay",),
    "S10": ("nesterov",),
    "S11": LARGEST,
    "S19": ("nesterov",),
    "S20": ("nesterov",),
    "S21": ("dampening",),
    "W2": LARGEST,  # steps that remember a large gradient end where they balance decay
    "W3": LARGEST,
    "C15": ("alpha", "beta"),
    "K2": ("scaling", "f_min"),
}


@dataclasses.dataclass(frozen=True)
class Found:
    """Whether a law held, None where samples leave it open; the rest as in `Cell`."""

    holds: bool | None
    detail: str = ""
    amount: float | None = None
    step: int | None = None
    instance: dict[str, Any] = dataclasses.field(default_factory=dict)
    interval: tuple[float, float] | None = None
    sample: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class Law:
    """id: as in docs/audit.md. title: a few words, as they head a column. test: asks a subject.

    everyone: whether it binds every optimizer, but for families that are excused. within: where
    what a stochastic law measures has to lie; None for a deterministic one.
    """

    id: str
    title: str
    test: Callable[[Subject], Found]
    everyone: bool = False
    within: tuple[float, float] | None = None

    @property
    def stochastic(self) -> bool:
        """Whether its cells come from samples, and have limits."""
        return self.within is not None

    def silent(self, subject: Subject) -> str:
        """Why the statement is not about this subject at all; "" where it is."""
        only = ONLY.get(self.id)
        if only is not None and subject.family.name not in only:
            return f"it says nothing of the family {subject.family.name}"
        if self.id in RATED and not subject.has("rate"):
            return "its rate is not known"
        for name in OTHERS.get(self.id, ()):
            value = subject.options.get(name)
            if isinstance(value, int | float) and value:
                return f"it says nothing of {name} = {value}"
        return ""

    def promised(self, subject: Subject) -> bool:
        """Whether the subject's family stands for this law."""
        family = subject.family
        if self.id in family.excused or (self.id == "U17" and subject.kind == "plain"):
            return False  # U17: a scalar of NumPy's makes double precision of single
        return self.everyone or self.id in family.promises


def distance(first: Path, second: Path) -> np.ndarray:
    """(T + 1,): the largest difference of any coordinate."""
    return np.abs(first.flat() - second.flat()).max(axis=1)


def allowance(path: Path, grain: float, stored: float = STORED) -> np.ndarray:
    """(T + 1,): what rounding explains after t steps.

    Each step may be off by `ROUNDINGS` unit roundoffs of the largest move so far, and storing x
    by `stored` of |x|; the errors of steps add up.
    """
    flat = path.flat()
    steps = np.abs(np.diff(flat, axis=0)).max(axis=1, initial=0.0)
    moved = np.concatenate([[0.0], np.cumsum(np.maximum.accumulate(steps))])
    t = np.arange(len(flat))
    return ROUNDINGS * grain * moved + 2 * (t + 1) * stored * np.abs(flat).max()


def same(
    first: Path, second: Path, subject: Subject, told: str, grain: float | None = None, **more: Any
) -> Found:
    """Whether two paths are one within `allowance`; else where they part, and by how much.

    The amount is in units of the distance that the first has come by then.
    """
    stored = STORED if subject.wide == "float64" else 2.0**-20
    away = distance(first, second)
    free = allowance(first, grain or subject.family.grain, stored)
    bad = ~(away <= free)  # NaN is a difference
    if not bad.any():
        return Found(True, told, float(np.nanmax(away)), None)
    t = int(np.argmax(bad))
    flat = first.flat()
    come = float(np.abs(flat[t] - flat[0]).max()) or float(np.abs(np.diff(flat, axis=0)).max())
    amount = float(away[t] / come) if come > 0 else float("inf")
    return Found(False, f"{told}: they part at step {t} by {amount:.3g} of the way", amount, t,
                 more)  # fmt: skip


def finite(path: Path) -> bool:
    """Whether every number of a path is finite."""
    return bool(np.isfinite(path.flat()).all())
