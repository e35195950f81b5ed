"""From the name of an optimizer to the statements about it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from convergence.errors import InvalidInput

# The name of a method → what stands for it in the name of a theorem, a statement, or the class of
# the method that the theorem prescribes.
METHODS = {
    "AdaGrad": r"AdaGrad",
    "Adam": r"\bAdam(?!oe)|AdamW",
    "clipping": r"[Cc]lipp",
    "compressed gradients, error feedback": r"\bEF\b|ErrorFeedback|EControl|Compressed",
    "decentralized gradient descent": r"[Dd]ecentralized|Consensus|\bDSGD|GradientTracking|Agents",
    "descent–ascent, extragradient, optimism, AdaWAC": (
        r"[Dd]escent–ascent|DescentAscent|[Ee]xtragradient|[Oo]ptimistic|AdaWAC"
    ),
    "EF21": r"EF21",
    "GaLore": r"(?<!Q-)(?<!Natural)GaLore",
    "GoLore": r"GoLore",
    "gradient descent": r"GradientDescent|\bGD\b|[Gg]radient descent",
    "heavy ball, momentum": r"HeavyBall|[Hh]eavy ball|Polyak|Momentum|MSGD",
    "Nesterov's acceleration": r"Nesterov|Accelerated",
    "Lion, sign descent": r"\bLion|\b[Ss]ign",
    "Muon, spectral descent": r"Muon|Spectral",
    "normalized gradients": r"NSGD|NIGT|[Nn]ormali[sz]ed",
    "parameter-free: Prodigy, DoG, schedule-free": r"Prodigy|\bDo[W]?G|[Cc]oin|ScheduleFree",
    "SGD": r"\bSGD|SGD\b",
    "Sophia": r"Sophia",
    "subgradient method": r"[Ss]ubgradient",
    "STORM": r"STORM|Storm",
    "zeroth order": r"ZeroOrder|Zeroth|MeZO|LOZO|\bZO",
}


def told(theorem: Any) -> str:
    """What a theorem is called, what it states, and the class that it prescribes."""
    prescribe = getattr(type(theorem), "prescribe", None)
    made = inspect.signature(prescribe).return_annotation if prescribe else ""
    return f"{type(theorem).__name__} {theorem.statement} {made if isinstance(made, str) else ''}"


def methods_of(theorem: Any) -> list[str]:
    """The methods that a theorem is about, by their names in `METHODS`."""
    text = told(theorem)
    return [name for name, words in METHODS.items() if re.search(words, text)]


def about(claims: Sequence[Any], name: str) -> list[Any]:
    """The claims about a method: a name in `METHODS`, or a word of their theorems and slugs.

    A package before the name is no part of it: `torch.optim.Adam`, `optax:adam`.
    """
    plain = re.split(r"[.:]", name.strip())[-1].lower()
    known = [k for k in METHODS if plain and plain in re.split(r"[ ,]+", k.lower())]
    found = [
        claim
        for claim in claims
        if set(known) & set(methods_of(claim.theorem))
        or (plain and plain in f"{claim.slug} {told(claim.theorem)}".lower())
    ]
    if not found:
        raise InvalidInput(
            f"Got {name!r}, about which there is no claim, but a method or a word of a statement "
            f"is needed; known are {'; '.join(METHODS)}."
        )
    return found
