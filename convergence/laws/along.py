"""One run, followed: what it contradicts of what its instance certifies."""

from __future__ import annotations

import contextlib
import functools
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
from convergence.laws.look import roughness
from convergence.laws.origin import ours
from convergence.noise.base import AbstractNoise
from convergence.oracles.base import Oracle
from convergence.plainly import plainly
from convergence.precision import precision
from convergence.runner.experiment import Experiment
from convergence.shapes import Key
from convergence.statistics.eprocess import LAMBDAS
from convergence.work import BRIEF

ASKED = 3  # points a step, beside the iterate, at which gradients are followed
ASIDE = 2**31 - 9  # of a key that no method draws from
# A logarithm: e-values of 10⁷ for one of 13 stakes, of some tens of runs that are followed.
SURE = math.log(13e7)


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


def listening(oracle: Any, heard: list[Any]) -> Any:
    """The oracle, which notes where it is asked for gradients."""
    kind = type(oracle)

    def grad(self: Any, x: Any, key: Any) -> Any:
        heard.append(x)
        return kind.grad(self, x, key)

    spy = object.__new__(type(kind.__name__, (kind,), {"grad": grad}))
    for field, value in vars(oracle).items():
        object.__setattr__(spy, field, value)
    return spy


class Way(NamedTuple):
    """Along one run: the largest and least curvature between iterates, ‖∇f‖ at most, f at least,
    the largest |f|; of the terms of a sum, the largest and least curvature; the logarithm of an
    e-value against E‖ξ‖² ≤ σ² where it led; and f(x_0)."""

    top: float
    low: float
    steep: float
    least: float
    size: float
    each: float
    bent: float
    loud: float
    first: float


def contradicted(way: Way, c: Constants, eps: float) -> Iterator[Fault]:
    """The certificates that a run contradicts."""
    slack = max(CURVED, 1e3 * eps)
    room = slack * max(way.top, 1e-300)
    if "L" in c and math.isfinite(way.top) and way.top > c.L + room:
        yield Fault("L", c.L, way.top, "the largest curvature along a run")
    if not math.isfinite(way.top):
        return
    if "L_max" in c and way.each > c.L_max + slack * max(way.each, 1e-300):
        yield Fault("L_max", c.L_max, way.each, "the largest curvature of a term along a run")
    if c.get("all_convex") and way.bent < -slack * max(way.each, 1e-300):
        yield Fault("all_convex", True, way.bent, "the least curvature of a term along a run")
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


def louder(way: Way, c: Constants) -> Iterator[Fault]:
    """Noise that is louder on the way than it is certified to be."""
    if "sigma" in c and way.loud > SURE:
        yield Fault("sigma", c.sigma, None, "noise is louder at places where a run leads")


def _size(v: Any) -> Any:
    return jnp.sqrt(jnp.sum(v**2))


def _between(x: Any, g: Any, y: Any, h: Any, grain: Any) -> Any:
    """The curvature and the monotony between two points, rounding taken off, `grain` too."""
    eps = jnp.finfo(g.dtype).eps
    far, noise = _size(y - x), 16 * eps * (_size(g) + _size(h)) + grain
    apart = far > 1e-6 * (_size(x) + _size(y))
    safe = jnp.where(apart, far, 1.0)
    top = jnp.where(apart, (_size(h - g) - noise) / safe, 0.0)
    low = jnp.where(apart, (jnp.sum((y - x) * (h - g)) / safe + noise) / safe, jnp.inf)
    return top, low


def _lifted(x: Any, g: Any, f: Any, y: Any, value: Any, most: Any, rough: Any) -> Any:
    """2|f(y) − f(x) − ⟨g, y − x⟩|/‖y − x‖², at most L, rounding taken off: `rough`, and of the
    largest |f| on the way, for a small f may be a difference of terms like that."""
    far, slope = _size(y - x), jnp.sum(g * (y - x))
    sizes = most + jnp.abs(f) + jnp.abs(value) + jnp.abs(slope)
    rounding = 64 * jnp.finfo(g.dtype).eps * sizes
    apart = far > 1e-6 * (_size(x) + _size(y))
    safe = jnp.where(apart, far, 1.0)
    miss = (jnp.abs(value - f - slope) - rounding - rough) / safe
    return jnp.where(apart, 2 * miss / safe, 0.0)


def _walk(experiment: Experiment, T: Any, key: Key, sigma: Any, rounded: Any = (0.0, 0.0)) -> Any:
    """The fields of a `Way` along T steps of one run, while they are finite, and its end. Of a
    class of the user's, f and all its terms are followed to where gradients are asked as well, its
    noise by a draw of its own at every iterate."""
    problem: Any = experiment.problem
    oracle, method = experiment.oracle, experiment.algorithm
    state = method.init(problem.start(), oracle, step_key(key, 0))
    x0, g0 = state.x, problem.grad(state.x)
    strange, (rough, grain) = not ours(problem), (rounded[0], rounded[1])
    sums = strange and hasattr(problem, "grads") and problem.grads(x0).shape[1:] == x0.shape
    noise = oracle.noise if type(oracle) is Oracle and not ours(oracle.noise) else None
    stakes = jnp.asarray(LAMBDAS, g0.dtype)

    def of_terms(x: Any, y: Any) -> Any:
        if not sums:
            return jnp.zeros_like(g0, shape=()), jnp.full_like(g0, jnp.inf, shape=())
        tops, lows = jax.vmap(lambda g, h: _between(x, g, y, h, grain))(
            problem.grads(x), problem.grads(y)
        )
        return jnp.max(tops), jnp.min(lows)

    def step(carry: Any) -> Any:
        t, state, g, (top, low, steep, least, most, each, bent, wealth) = carry
        heard: list[Any] = []
        spy = listening(oracle, heard) if strange and type(oracle) is Oracle else oracle
        after = method.step(t, state, spy, step_key(key, t + 1))
        h, f = problem.grad(after.x), problem.value(after.x)
        pairs = [_between(a, b, after.x, h, grain) for a, b in ((state.x, g), (x0, g0))]
        if strange:
            was = problem.value(state.x)
            pairs += [(_lifted(state.x, g, was, after.x, f, most, rough), low)]
            for y in [x for x in heard if x is not state.x][:ASKED]:
                with contextlib.suppress(jax.errors.UnexpectedTracerError):  # within a loop
                    pairs.append(_between(state.x, g, y, problem.grad(y), grain))
        if noise is not None:
            xi = noise.draw(state.x, jax.random.fold_in(step_key(key, t + 1), ASIDE))
            gain = jnp.sum(xi**2) / jnp.where(sigma > 0, sigma, 1.0) ** 2 - 1
            wealth = wealth + jnp.where(sigma > 0, jnp.log1p(stakes * gain), 0.0)
        ends = of_terms(state.x, after.x)
        found = (
            functools.reduce(jnp.maximum, [pair[0] for pair in pairs], top),
            functools.reduce(jnp.minimum, [pair[1] for pair in pairs], low),
            jnp.maximum(steep, _size(h)), jnp.minimum(least, f), jnp.maximum(most, jnp.abs(f)),
            jnp.maximum(each, ends[0]), jnp.minimum(bent, ends[1]), wealth,
        )  # fmt: skip
        sound = jnp.all(jnp.isfinite(after.x)) & jnp.isfinite(f) & jnp.all(jnp.isfinite(h))
        kept = jax.tree.map(lambda a, b: jnp.where(sound, a, b), found, carry[3])
        return jnp.where(sound, t + 1, T), after, h, kept

    f0 = problem.value(x0)
    zero = jnp.zeros((), g0.dtype)
    seen = zero, zero + jnp.inf, _size(g0), f0 + zero, jnp.abs(f0) + zero, zero, zero + jnp.inf
    start = jnp.zeros((), jnp.int32), state, g0, (*seen, jnp.zeros_like(stakes))
    _, state, _, (*seen, wealth) = jax.lax.while_loop(lambda c: c[0] < T, step, start)
    return (*seen, jnp.max(wealth), f0, state.x)


_compiled = hastily(_walk)
_brief = plainly(_walk, turns=lambda experiment, T, key, sigma, rough=(0.0, 0.0): int(T))


def walked(
    experiment: Experiment, T: int, key: Key, run: int, sigma: float = 0.0
) -> tuple[Way, np.ndarray]:
    """The way of the run `run` of a claim's key through T steps, and where it ends, in float64;
    `sigma`: that of a noise that is heard on the way. What a user's f is rounded by counts as a
    rounding of its size."""
    rough = 0.0, 0.0
    if not ours(experiment.problem):
        with precision("float64"):
            rough = roughness(experiment.problem)
    asked = experiment, np.asarray(T, np.int32), run_key(key, run), *map(np.asarray, (sigma, rough))
    *seen, end = _brief.surely(BRIEF, *asked) or _compiled(*asked)
    way = Way(*(float(v) for v in seen))
    return way._replace(size=way.size + rough[0] / ROUNDING), np.asarray(end, np.float64)
