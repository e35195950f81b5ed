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
# # 4 · Your own claim
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)][colab]
#
# [colab]: https://colab.research.google.com/github/OWNER/convergence-lab/blob/main/notebooks/04_your_own_claim.ipynb
#
# About ten minutes to read and play; its cells run in less than a minute on two cores. In Colab run
# `pip install convergence-lab` first and fetch `_play.py` from beside this notebook. Without a
# screen, `python _page.py 04_your_own_claim.ipynb` (after `pip install nbconvert latex2mathml`)
# makes a page with still pictures, which needs no network.
#
# An algorithm, a theorem about it, a claim; and then an earnest attempt to break it. The method is
# **normalized gradient descent** with exact gradients,
# $x_{t+1} = x_t - \gamma\,\nabla f(x_t)/\|\nabla f(x_t)\|$.
#
# ## The algorithm
#
# An algorithm asks an oracle and returns a state. `gamma` is an array leaf (`converter=real`), so
# that another step compiles nothing. The clock `t`, the seeds and the loop belong to the runner.

# %%
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from _play import play

from convergence import Claim, Session, verify
from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.figures import plot_run
from convergence.figures.style import BLACK, BLUE, VERMILION, panels, plain_ticks
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNorm
from convergence.problems.quadratic import Quadratic
from convergence.search.falsify import falsify
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source

jax.config.update("jax_enable_x64", True)


class NormalizedGD(AbstractAlgorithm):
    """x_{t+1} = x_t − γ ∇f(x_t)/‖∇f(x_t)‖."""

    gamma: Reals = eqx.field(converter=real)

    def init(self, x0, oracle, key):
        return State(x0)

    def step(self, t, state, oracle, key):
        g = oracle.grad(state.x, key)
        norm = jnp.sqrt(jnp.sum(g**2))
        return State(state.x - self.gamma * g / jnp.where(norm > 0, norm, 1.0))


# %% [markdown]
# ## The theorem
#
# The descent lemma for a step of length $\gamma$ along $-\nabla f$ reads
# $f(x_{t+1}) \le f(x_t) - \gamma\|\nabla f(x_t)\| + L\gamma^2/2$. Sum over $t < T$, divide by
# $\gamma T$, and choose $\gamma = \sqrt{2\Delta/LT}$:
#
# $$\frac1T\sum_{t<T}\|\nabla f(x_t)\| \;\le\; \frac{\Delta}{\gamma T} + \frac{L\gamma}2
#   = \sqrt{\frac{2L\Delta}T}.$$
#
# A theorem sees only the constants `c` of the instance. From them it *prescribes* the algorithm,
# names the *metric*, and *bounds* it.


# %%
class Normalized(AbstractTheorem):
    """(1/T) Σ ‖∇f(x_t)‖ ≤ √(2LΔ/T) for γ = √(2Δ/(LT)) and exact gradients."""

    kind = Kind.PATHWISE  # it holds on every run
    source = Source("own", "notebook 4")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ ‖∇f(x_t)‖ ≤ √(2LΔ/T)"
    assumes = (Smooth(), NoNoise())

    def prescribe(self, c, T):
        return NormalizedGD((2 * c.Delta / (c.L * T)) ** 0.5)

    def metric(self, c, T):
        return Average(GradNorm())

    def bound(self, c, T):
        return (2 * c.L * c.Delta / T) ** 0.5


# %% [markdown]
# ## The claim
#
# A quadratic with two curvatures and no noise, started in the flat direction. Without noise one run
# says everything.

# %%
HORIZONS = (8, 32, 128)


def claim(theorem, kappa=1000.0, push=0.0):
    """On ½(x₁² + x₂²/κ), from (push, 1)."""
    problem = Quadratic(np.array([push, 1.0]), np.array([1.0, 1 / kappa]))
    return Claim("my-claim", theorem, problem, horizons=HORIZONS, seeds=1)


report = verify(claim(Normalized()))
print(report.verdict, "·", report.reason)
for row in report.judgement.rows:
    print(f"  T = {row.T}: slack {row.bound / row.estimate:.2f}")
for checked in report.assumptions:
    print(f"  {checked.name}: {checked.holds} ({checked.detail})")

# %% [markdown]
# One line draws what the method does step by step, and what the theorem allows on average:

# %%
play(lambda T: plot_run(claim(Normalized()), T, seeds=1, session=Session()), T=(32, HORIZONS))

# %% [markdown]
# ## A bolder statement
#
# The bound looks loose here: slack is bound / measured. Surely a factor $\sqrt2$ can be saved?


# %%
class Bold(Normalized):
    """(1/T) Σ ‖∇f(x_t)‖ ≤ √(LΔ/T): the same method, a smaller constant."""

    statement = "(1/T) Σ ‖∇f(x_t)‖ ≤ √(LΔ/T)"

    def bound(self, c, T):
        return (c.L * c.Delta / T) ** 0.5


report = verify(claim(Bold()))
print(report.verdict, "·", report.reason)

# %% [markdown]
# CONSISTENT: *on this instance*. A verdict is never a proof. Look for a worse instance by hand,
# with the condition number `kappa` and the start (`push`, 1). How small a push is enough?


# %%
def tightness(kappa: float, push: float):
    """Measured average and both bounds against T."""
    figure, axis = panels(1, 1, (6.4, 3.6))
    trial = claim(Normalized(), kappa, push)
    found = [float(trial.measure(T, Session(), 1).final()[0]) for T in HORIZONS]
    stated = [Normalized().bound(trial.instance(T)[2], T) for T in HORIZONS]
    axis.loglog(HORIZONS, stated, "-", color=BLACK, label="√(2LΔ/T), the theorem")
    axis.loglog(HORIZONS, np.array(stated) / 2**0.5, "--", color=VERMILION, label="√(LΔ/T), bold")
    axis.loglog(HORIZONS, found, "o", color=BLUE, label="measured")
    plain_ticks(axis.xaxis, HORIZONS)
    axis.set(xlabel="T", ylabel="(1/T) Σ ‖∇f(x_t)‖")
    axis.legend(loc="upper right")
    return figure


play(
    tightness,
    kappa=(1000.0, (1.0, 10.0, 30.0, 100.0, 300.0, 1000.0)),
    push=(0.0, (0.0, 1e-9, 1e-6, 1e-3, 0.1, 1.0)),
)

# %% [markdown]
# ## Falsify it
#
# `falsify` does the same without tiring: it searches quadratics of the same shape, their spectra,
# rotations and starts, for the largest ratio of measured to bound. What exceeds 1 is made plainer
# and judged again. A violation is returned as a module that builds the instance.

# %%
found = falsify(claim(Bold()), budget=20.0)
print(f"worst measured/bound {found.ratio:.3f} among {found.candidates} instances")
print(found.module or found.reason)

# %% [markdown]
# The theorem itself survives the same search, and the ratio tells how tight it is: about 1, so
# there is no $\sqrt2$ to be saved.

# %%
found = falsify(claim(Normalized()), budget=4.0)
print(f"worst measured/bound {found.ratio:.3f} among {found.candidates} instances: {found.reason}")

# %% [markdown]
# ## Without a notebook
#
# Put the algorithm, the theorem and `CLAIMS = (Claim(…),)` into a file `mine.py`. Then
#
#     convergence verify mine.py
#     convergence falsify mine.py --budget 60
#
# judge it and look for a counterexample. How to add each kind of thing, problems and noises
# included, is told in [docs/adding.md](../docs/adding.md).

# %% [markdown]
# ## Exercises
#
# 1. State √(1.9 LΔ/T) in place of the bold statement. Does `falsify` still refute it within 20 s?
#    Where is the edge?
# 2. Give the problem noise. Which assumption fails, and what does the verdict say?
# 3. `convergence new mine.py --kind algorithm` writes such a file. Put an algorithm of your own
#    into it and have it judged.
