"""What an instance certifies, against what is seen of it: before it is run, and where runs led."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.claims.rounding import excess
from convergence.compiling import hastily
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.keys import claim_key, run_keys, step_key
from convergence.laws import certificates
from convergence.laws.asked import oracle_faults
from convergence.laws.faults import CURVED, ROUNDING, Fault
from convergence.laws.noises import noise_faults
from convergence.laws.origin import ours
from convergence.noise.base import AbstractNoise
from convergence.precision import precision
from convergence.runner.experiment import Experiment
from convergence.runner.record import Record
from convergence.runner.run import check_step
from convergence.shapes import Key
from convergence.statistics import Judgement, Verdict
from convergence.theorems.assumptions import Checked

RUNS = 2  # of a horizon that are followed at either end of what was measured


def credentials(theorem: Any, oracle: Any, problem: Any, noise: Any, c: Constants) -> Checked:
    """Whether what an instance certifies agrees with what is seen of it; of an oracle that is not
    the package's, whether it answers as its noise certifies, for a theorem of the package."""
    try:
        asked = oracle(problem, noise)
    except InvalidInput as error:
        return Checked("certificates", False, None, str(error))
    false = certificates(problem, noise)
    foreign = not type(asked).__module__.startswith("convergence.") and ours(theorem)
    if foreign and not false:
        false = oracle_faults(asked, problem, c)
    return told("certificates", false)


def told(name: str, false: list[Fault]) -> Checked:
    """An assumption that fails where a certificate is false."""
    said = "; ".join(str(fault) for fault in false[:3])
    return Checked(name, not false, None, said or "checked on the instance")


def broken(
    claim: Any, records: list[Record], judgement: Judgement, session: Any
) -> tuple[Checked, ...]:
    """A refutation stands only where the instance keeps its certificates along the runs that
    refute: L, mu, G, f_star and convexity at every step, the noise's where a run ends."""
    if judgement.verdict is not Verdict.REFUTED:
        return ()
    for record in records:
        _, noise, c = claim.instance(record.T)
        if not c.get("additive") and type(noise).potential is AbstractNoise.potential:
            try:
                check_step(_mute(claim, record.T))
            except InvalidInput as error:
                return (Checked("values of the noise", False, None, str(error)),)
        metric = excess(record.final().astype(float), (-math.inf, 0.0))
        order = np.argsort(np.where(np.isfinite(metric), metric, math.inf))
        runs = {int(k) for k in (*order[:RUNS], *order[-RUNS:])}
        for run in sorted(runs):
            key = claim_key(claim.slug, session.settings.seed, record.T, session.settings.rng)
            own = run_keys(key, jnp.asarray([run], jnp.uint32))[0]
            eps = float(np.finfo(session.settings.dtype).eps)
            seen = _walk(claim.experiment(record.T), jnp.asarray(record.T, jnp.int32), own)
            false = [*_along(Way(*(float(v) for v in seen[:-1])), c, eps)]
            end = np.asarray(seen[-1], np.float64)
            if not false and not c.get("additive") and np.all(np.isfinite(end)):
                with precision("float64"):
                    if getattr(noise, "of_iterate", True):
                        false = noise_faults(noise, end)
            if false:
                return (told("certificates along the runs", false),)
    return ()


def _mute(claim: Any, T: int) -> Experiment:
    """The experiment with a noise that answers no values: a sample ξ(x) that moves with x is no
    gradient of ⟨ξ(x), x⟩."""
    problem, noise, _ = claim.instance(T)
    name = type(noise).__name__

    def potential(self: Any, x: Any, key: Any) -> Any:
        raise InvalidInput(
            f"Got function values behind the noise {name}, which moves with x and gives no "
            "potential, but one whose gradient is the sample is needed; write `potential`."
        )

    mute = object.__new__(type(name, (type(noise),), {"potential": potential}))
    for field, value in vars(noise).items():
        object.__setattr__(mute, field, value)
    known = claim.experiment(T)
    return Experiment(problem, claim.oracle(problem, mute), known.algorithm, known.metric)


class Way(eqx.Module):
    """Along one run: the largest and least curvature between iterates, ‖∇f‖ at most, f at least,
    and the largest |f|."""

    top: float
    low: float
    steep: float
    least: float
    size: float


def _along(way: Way, c: Constants, eps: float) -> Any:
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
    if "f_star" in c and way.least < c.f_star - max(ROUNDING, 1e2 * eps) * (
        way.size + abs(c.f_star)
    ):
        yield Fault("f_star", c.f_star, way.least, "a value that f takes along a run")


@hastily
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
    return (*seen, state.x)
