"""One run, followed: what it contradicts of what its instance certifies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from convergence.compiling import hastily
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.keys import run_key, step_key
from convergence.laws.faults import CURVED, ROUNDING, Fault
from convergence.noise.base import AbstractNoise
from convergence.plainly import plainly
from convergence.runner.experiment import Experiment
from convergence.shapes import Key
from convergence.work import BRIEF


def valueless(noise: AbstractNoise, c: Constants) -> bool:
    """Whether samples move with x and no potential is given: ξ(x) is no gradient of ⟨ξ(x), x⟩."""
    return not c.get("additive") and type(noise).potential is AbstractNoise.potential


def muted(noise: Any) -> Any:
    """The noise, answering no values."""
    name = type(noise).__name__

    def potential(self: Any, x: Any, key: Any) -> Any:
        raise InvalidInput(
            f"Got function values behind the noise {name}, which moves with x and gives no "
            "potential, but one whose gradient is the sample is needed; write `potential`."
        )

    mute = object.__new__(type(name, (type(noise),), {"potential": potential}))
    for field, value in vars(noise).items():
        object.__setattr__(mute, field, value)
    return mute


class Way(NamedTuple):
    """Along one run: the largest and least curvature between iterates, ‖∇f‖ at most, f at least,
    the largest |f|, and f(x_0)."""

    top: float
    low: float
    steep: float
    least: float
    size: float
    first: float


def contradicted(way: Way, c: Constants, eps: float) -> Iterator[Fault]:
    """The certificates that a run contradicts."""
    slack = max(CURVED, 1e3 * eps)
    room = slack * max(way.top, 1e-300)
    if "L" in c and math.isfinite(way.top) and way.top > c.L + room:
        yield Fault("L", c.L, way.top, "the largest curvature along a run")
    if not math.isfinite(way.top):
        return
    if "mu" in c and way.low < c.mu - room:
        yield Fault("mu", c.mu, way.low, "the least curvature along a run")
    if c.get("convex") and way.low < -room:
        yield Fault("convex", True, way.low, "the least curvature along a run")
    if "G" in c and way.steep > c.G * (1 + slack):
        yield Fault("G", c.G, way.steep, "‖∇f‖ along a run")
    rounding = max(ROUNDING, 1e2 * eps)
    if "f_star" in c and way.least < c.f_star - rounding * (way.size + abs(c.f_star)):
        yield Fault("f_star", c.f_star, way.least, "a value that f takes along a run")
    if "Delta" in c and way.first - way.least > c.Delta + rounding * way.size:
        fallen = way.first - way.least
        yield Fault("Delta", c.Delta, fallen, "from x_0 to a point of a run a descent")


def _walk(experiment: Experiment, T: Any, key: Key) -> Any:
    """The fields of a `Way` along T steps of one run, while they are finite, and its end."""
    problem, oracle, method = experiment.problem, experiment.oracle, experiment.algorithm
    state = method.init(problem.start(), oracle, step_key(key, 0))
    x0, g0 = state.x, problem.grad(state.x)
    eps = jnp.finfo(g0.dtype).eps

    def size(v: Any) -> Any:
        return jnp.sqrt(jnp.sum(v**2))

    def between(x: Any, g: Any, y: Any, h: Any) -> Any:
        """The curvature and the monotony between two points, rounding taken off."""
        far, noise = size(y - x), 16 * eps * (size(g) + size(h))
        apart = far > 1e-6 * (size(x) + size(y))
        safe = jnp.where(apart, far, 1.0)
        top = jnp.where(apart, (size(h - g) - noise) / safe, 0.0)
        low = jnp.where(apart, (jnp.sum((y - x) * (h - g)) / safe + noise) / safe, jnp.inf)
        return top, low

    def step(carry: Any) -> Any:
        t, state, g, (top, low, steep, least, most) = carry
        after = method.step(t, state, oracle, step_key(key, t + 1))
        h, f = problem.grad(after.x), problem.value(after.x)
        pairs = [between(state.x, g, after.x, h), between(x0, g0, after.x, h)]
        found = (
            jnp.maximum(top, jnp.maximum(pairs[0][0], pairs[1][0])),
            jnp.minimum(low, jnp.minimum(pairs[0][1], pairs[1][1])),
            jnp.maximum(steep, size(h)), jnp.minimum(least, f), jnp.maximum(most, jnp.abs(f)),
        )  # fmt: skip
        sound = jnp.all(jnp.isfinite(after.x)) & jnp.isfinite(f) & jnp.all(jnp.isfinite(h))
        kept = jax.tree.map(
            lambda a, b: jnp.where(sound, a, b), found, (top, low, steep, least, most)
        )
        return jnp.where(sound, t + 1, T), after, h, kept

    f0 = problem.value(x0)
    zero = jnp.zeros((), g0.dtype)
    seen = zero, zero + jnp.inf, size(g0), f0 + zero, jnp.abs(f0) + zero
    t0 = jnp.zeros((), jnp.int32)
    _, state, _, seen = jax.lax.while_loop(lambda c: c[0] < T, step, (t0, state, g0, seen))
    return (*seen, f0, state.x)


_compiled = hastily(_walk)
_brief = plainly(_walk, turns=lambda experiment, T, key: int(T))


def walked(experiment: Experiment, T: int, key: Key, run: int) -> tuple[Way, np.ndarray]:
    """The way of the run `run` of a claim's key through T steps, and where it ends, in float64."""
    asked = experiment, np.asarray(T, np.int32), run_key(key, run)
    *seen, end = _brief.surely(BRIEF, *asked) or _compiled(*asked)
    return Way(*(float(v) for v in seen)), np.asarray(end, np.float64)
