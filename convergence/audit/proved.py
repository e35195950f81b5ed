"""What the package states about an optimizer: theorems by the name of the method or its family."""

from __future__ import annotations

import re

from convergence.registry import indexed
from convergence.registry.about import METHODS

# Families, in the words of `convergence list --about`.
FAMILIES = {
    "sgd": "sgd", "heavy-ball": "heavy", "nesterov": "nesterov", "momentum": "momentum",
    "adam": "adam", "adamw": "adam", "adagrad": "adagrad", "sign": "lion", "sophia": "sophia",
    "normalized": "normalized", "orthogonalized": "muon", "low-rank": "galore",
    "schedule-free": "schedule-free", "optimistic": "optimism", "extragradient": "extragradient",
}  # fmt: skip


def method(name: str, family: str) -> str:
    """The word under which `convergence list --about` knows an optimizer; "" for none."""
    plain = re.sub(r"[_\W]", "", name).lower()
    words = [w for key in METHODS for w in re.split(r"[ ,:]+", key.lower()) if w]
    if plain in words:
        return plain
    return FAMILIES.get(family, "")


def proved(name: str, family: str) -> tuple[str, ...]:
    """The names of theorems about the method that an optimizer is, in alphabetical order."""
    word = method(name, family)
    known = [v for k, v in METHODS.items() if word and word in re.split(r"[ ,:]+", k.lower())]
    return tuple(sorted({
        entry["theorem"] for entry in indexed()
        if any(re.search(words, f"{entry['theorem']} {entry['statement']}") for words in known)
    }))  # fmt: skip
