"""Where randomness comes from: claim → horizon → seed → step, all by `fold_in`.

A slug's seed is a stable hash, never `hash()`, so that a report can be reproduced elsewhere and
later. The key of a run depends on its own index alone: adding seeds leaves earlier ones as they
were.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import jax
from jaxtyping import Array, Integer
from jaxtyping import Key as Keys

from convergence.philox import folded, root
from convergence.shapes import Count, Key
from convergence.tiers import GENERATORS


def slug_seed(slug: str) -> int:
    """A stable 31-bit integer for a slug."""
    return int.from_bytes(hashlib.blake2b(slug.encode(), digest_size=4).digest(), "big") >> 1


def claim_key(slug: str, seed: int, T: int, generator: str = GENERATORS[0]) -> Key:
    """The key of all runs of a claim at horizon `T` under the user's `seed`."""
    return folded(root(seed, generator), slug_seed(slug), T)


def run_keys(key: Key, indices: Integer[Array, " seeds"]) -> Keys[Array, " seeds"]:
    """One key a run, from its index alone."""
    return jax.vmap(lambda i: jax.random.fold_in(key, i))(indices)


def run_key(key: Key, index: int) -> Key:
    """The key of one run; what `run_keys` gives, without a program."""
    return folded(key, index)


class Labelled(functools.partial[Any]):
    """A callback to the host whose first argument, of a key, only tells runs apart: nothing that
    it returns depends on it."""


def step_key(key: Key, t: int | Count) -> Key:
    """The key of step `t` of one run; `t = 0` is kept for the initialization."""
    return jax.random.fold_in(key, t)
