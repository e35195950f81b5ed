# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6 · From update rule to judged claim
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)][colab]
#
# [colab]: https://colab.research.google.com/github/OWNER/convergence-lab/blob/main/notebooks/06_from_update_rule_to_judged_claim.ipynb
#
# About ten minutes to read and play; its cells run in less than a minute on two cores. In Colab
# run `pip install convergence-lab` first and fetch `_play.py` from beside this notebook.
#
# You have an update rule and no theorem. Which rate does it have, and with which constant? This
# notebook goes the whole way: the rule, a conjecture from runs, what breaks it, a proof, the
# verdict.
#
# ## The update rule
#
# Gradient descent whose steps are $\tfrac1{2L}$ and $\tfrac1L$ in turn.

# %%
import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from _play import play

from convergence import Claim, Session, verify
from convergence.algorithms import AbstractAlgorithm, State
from convergence.figures import plot_run
from convergence.figures.style import BLACK, BLUE, VERMILION, panels, plain_ticks
from convergence.metrics import Gap
from convergence.problems import Huber
from convergence.search.conjecture import conjecture
from convergence.search.falsify import falsify
from convergence.shapes import Reals, real
from convergence.theorems import AbstractTheorem, Is, Kind, NoNoise, Provenance, Smooth, Source

jax.config.update("jax_enable_x64", True)


class HalfAndWhole(AbstractAlgorithm):
    """x_{t+1} = x_t − η ∇f(x_t), η/2 in place of η at even t."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0, oracle, key):
        return State(x0)

    def step(self, t, state, oracle, key):
        step = jnp.where(t % 2 == 0, 0.5, 1.0) * self.eta
        return State(state.x - step * oracle.grad(state.x, key))


# %% [markdown]
# ## The question
#
# A statement of the kind `RATE` has a shape and no constant. Its number says how the answer may
# depend on the constants of an instance; $LR^2/T$ is a guess, and what `assumes` lists is the
# family that is meant: smooth convex functions, exact gradients.


# %%
class Open(AbstractTheorem):
    """f(x_T) − f* = O(LR²/T), for all that is known."""

    kind = Kind.RATE
    source = Source("own", "notebook 6")
    provenance = Provenance.CONJECTURED
    statement = "f(x_T) − f* = O(LR²/T)"
    assumes = (Smooth(), Is("convex"), NoNoise())

    def prescribe(self, c, T):
        return HalfAndWhole(1 / c.L)

    def metric(self, c, T):
        return Gap()

    def bound(self, c, T):
        return c.L * c.R**2 / T


def hard(T):
    """As narrow as a run of T steps takes to walk through."""
    return Huber(1 / (T + 1))


HORIZONS = (8, 16, 32, 64, 128)
question = Claim("half-and-whole", Open(), hard, horizons=HORIZONS, seeds=1)
play(lambda T: plot_run(question, T, seeds=1, session=Session()), T=(128, HORIZONS))

# %% [markdown]
# ## A conjecture
#
# `conjecture` measures $f(x_T) - f^*$ at every horizon and says which power laws $CT^{-p}$ pass
# through: all exponents $p$ that are possible, and from which $T$ on.

# %%
found = conjecture(question, HORIZONS, budget=0)
law = found.estimate.law
print(f"a {law.shape} law on T = {law.first} … {law.last}")
print(f"exponents [{law.exponent[0]:.3f}, {law.exponent[1]:.3f}], the plainest is {law.guess:g}")
print(found.claim.theorem.statement)

# %% [markdown]
# The constant belongs to one instance. Is it the worst? Huber's function is quadratic on
# $|x| \le w$ and linear beyond; move its width by hand. (`width` is in units of $1/T$.)


# %%
def constant(width: float):
    """(f(x_T) − f*) T/(LR²) against T."""
    figure, axis = panels(1, 1, (6.4, 3.6))
    trial = dataclasses.replace(question, problem=lambda T: Huber(width / T))
    values = [T * float(trial.measure(T, Session(), 1).final()[0]) for T in HORIZONS]
    axis.semilogx(HORIZONS, values, "o-", color=BLUE, label="measured")
    axis.axhline(law.constant[1], color=VERMILION, ls="--", label="first conjecture")
    plain_ticks(axis.xaxis, HORIZONS)
    axis.set(xlabel="T", ylabel="(f(x_T) − f*) T / (LR²)", ylim=(0.0, 0.4))
    axis.legend(loc="lower right")
    return figure


play(constant, width=(1.0, (0.25, 0.5, 0.6, 0.667, 0.75, 1.0)))

# %% [markdown]
# ## What breaks it
#
# With time to search, `conjecture` lets `falsify` try: the exponent over all horizons, the constant
# at either end. An instance that breaks the conjecture is measured, and the conjecture weakened to
# cover it.

# %%
found = conjecture(question, HORIZONS, budget=15.0)
for broken in found.breaks:
    print("broken by", broken.family)
print(found.claim.theorem.statement)
print(f"{found.candidates} instances did not break this one")

# %% [markdown]
# The exponent 1 has survived. A constant near $\tfrac13 = 1/\!\left(2\cdot\tfrac32\right)$
# suggests what counts: the sum of the steps, $S_T = \sum_{t<T}\eta_t L \approx \tfrac34T$.
#
# ## A theorem
#
# With $\eta_t \le 1/L$ and $g = \nabla f(x_t)$ the descent lemma and convexity give
#
# $$f(x_{t+1}) - f^* \le \langle g, x_t - x^*\rangle - \tfrac{\eta_t}2\|g\|^2
#   = \frac{\|x_t - x^*\|^2 - \|x_{t+1} - x^*\|^2}{2\eta_t}.$$
#
# Multiply by $\eta_t$ and sum. The values fall, so that $S_T(f(x_T) - f^*) \le LR^2/2$. ∎


# %%
def total(T):
    """S_T: ½ and 1 in turn."""
    return 0.5 * ((T + 1) // 2) + T // 2


class Proved(Open):
    """f(x_T) − f* ≤ LR²/(2S_T)."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    statement = "f(x_T) − f* ≤ LR²/(2S_T),  S_T the sum of the steps"

    def bound(self, c, T):
        return c.L * c.R**2 / (2 * total(T))


def worst(T):
    """What the search points at: a step of one length w all the way."""
    return Huber(1 / (2 * total(T) + 1))


claim = Claim("proved", Proved(), worst, horizons=HORIZONS, seeds=1)
report = verify(claim)
print(report.verdict, "·", report.reason)

# %% [markdown]
# CONSISTENT, and the slack is near 2: on the worst instance that is known the bound is twice what
# is measured. Either a worse instance exists, or the proof gives away a factor. The exact value on
# that instance is $LR^2/(2(2S_T + 1))$. State it, judge it, and search.


# %%
class Sharp(Proved):
    """f(x_T) − f* ≤ LR²/(2(2S_T + 1)); not proved here."""

    provenance = Provenance.CONJECTURED
    statement = "f(x_T) − f* ≤ LR²/(2(2S_T + 1))"

    def bound(self, c, T):
        return c.L * c.R**2 / (2 * (2 * total(T) + 1))


sharp = Claim("sharp", Sharp(), worst, horizons=HORIZONS, seeds=1)
report = verify(sharp)
print(report.verdict, "·", report.reason)
search = falsify(sharp, budget=6.0)
print(f"worst measured/bound {search.ratio:.4f} among {search.candidates}: {search.reason}")

# %% [markdown]
# ## Side by side


# %%
def side(T: int):
    """Measured on the worst instance known, and both statements, up to T."""
    figure, axis = panels(1, 1, (6.4, 3.6))
    times = [t for t in HORIZONS if t <= T]
    values = [float(sharp.measure(t, Session(), 1).final()[0]) for t in times]
    for stated, style, color in ((claim, "-", BLACK), (sharp, "--", VERMILION)):
        bounds = [float(stated.bound(t)) for t in times]
        axis.loglog(times, bounds, style, color=color, label=stated.theorem.statement)
    axis.loglog(times, values, "o", color=BLUE, label="measured")
    plain_ticks(axis.xaxis, np.array(times))
    axis.set(xlabel="T", ylabel="f(x_T) − f*")
    axis.legend(loc="lower left")
    return figure


play(side, T=(128, HORIZONS[1:]))

# %% [markdown]
# ## Without a notebook
#
#     convergence new mine.py --kind rate
#     convergence rate mine.py --budget 30
#     convergence verify results/conjectures/half-and-whole_conjecture.py
#
# What is found and with which certainty: [docs/rates.md](../docs/rates.md).

# %% [markdown]
# ## Exercises
#
# 1. Let the long step be 1.4/L. Which line of the proof fails, and does the sharp statement, with
#    the new $S_T$, survive a search?
# 2. Measure ‖∇f(x_T)‖ in place of f(x_T) − f*. Which exponent do you find, and on which horizons?
# 3. Drop `Is("convex")` from the family. What breaks the conjecture?
