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
# # 3 · Heavy tails
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)][colab]
#
# [colab]: https://colab.research.google.com/github/OWNER/convergence-lab/blob/main/notebooks/03_heavy_tails.ipynb
#
# About ten minutes to read and play; its cells run in less than a minute on two cores. In Colab run
# `pip install convergence-lab` first and fetch `_play.py` from beside this notebook. Without a
# screen, `python _page.py 03_heavy_tails.ipynb` (after `pip install nbconvert latex2mathml`) makes
# a page with still pictures, which needs no network.
#
# Gradient noise need not have a variance. Suppose that only
#
# $$\mathbb E\|\xi\|^p \le \sigma^p \qquad\text{for some } 1 < p \le 2.$$
#
# Two facts carry all that follows.
#
# * A sum of $n$ such samples grows like $n^{1/p}$ and not like $n^{1/2}$. So an average with weight
#   $\alpha$ on the new sample, which remembers about $1/\alpha$ of them, still errs by
#   $\sigma\,\alpha\,(1/\alpha)^{1/p} = \sigma\,\alpha^{(p-1)/p}$.
# * A step of bounded length can be led astray, but never far. Hence *normalized* SGD with momentum:
#
# $$m_t = (1-\alpha)\,m_{t-1} + \alpha\,(\nabla f(w_t) + \xi_t),\qquad
#   w_{t+1} = w_t - \gamma\,\frac{m_t}{\|m_t\|}.$$

# %%
import jax
import numpy as np
from _play import play

from convergence import Claim, Session
from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.figures import plot_run
from convergence.figures.style import BLACK, BLUE, GRAY, GREEN, PALETTE, VERMILION, panels
from convergence.keys import claim_key
from convergence.metrics.pointwise import AbstractPointwise
from convergence.noise.heavy import Pareto
from convergence.noise.two_point import two_point
from convergence.oracles.base import Oracle
from convergence.problems.nonconvex import bowl
from convergence.registry import registry
from convergence.registry.heavy_tailed.instances import walked
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.theorems.heavy_tailed.sun2025 import NSGDClipped, NSGDMomentum

jax.config.update("jax_enable_x64", True)

# %% [markdown]
# Normalized SGD with momentum as a picture, in one line: a claim of the registry, with noise that
# has 1.2 moments. Single runs jump, as the band shows, and their mean stays below the bound.

# %%
CLAIMS = {claim.slug: claim for claim in registry()}
play(
    lambda T: plot_run(CLAIMS["nsgdm-p12-quadcos-skew"], T, session=Session()),
    T=(256, (16, 64, 256, 1024)),
)

# %% [markdown]
# ## Where the exponent comes from
#
# For $L$-smooth $f$ the descent lemma gives for $Y_T = \frac1T\sum_{t<T}\|\nabla f(w_t)\|$
#
# $$\mathbb E\,Y_T \;\lesssim\;
#   \underbrace{\frac{\Delta}{\gamma T}}_{\text{to walk}} +
#   \underbrace{\frac{2L\gamma}{\alpha}}_{\text{old gradients}} +
#   \underbrace{2\,\sigma\,\alpha^{(p-1)/p}}_{\text{noise}}.$$
#
# The best step balances the first two, $\gamma = \sqrt{\Delta\alpha/2LT}$, which leaves
# $\sqrt{8L\Delta/\alpha T}$: falling in $\alpha$. The noise rises in $\alpha$. They cross at
# $\alpha^\star = (L\Delta/\sigma^2T)^{p/(3p-2)}$, and the height of the crossing is the rate
#
# $$\mathbb E\,Y_T \sim \sigma^{\frac p{3p-2}}\,(L\Delta/T)^{\frac{p-1}{3p-2}} .$$
#
# On the left: the terms of the bound and the measured mean against $\alpha$, each $\alpha$ with its
# own best step and on an instance made hard for it (a ramp as long as the steps reach, beside a
# valley in which the noise acts). On the right: the same at $\alpha^\star$, the thin vertical line,
# against $T$. The bound promises no more than it says: the runs do better, and best at a somewhat
# larger $\alpha$. At the far left the noise turns up again, for an average that takes in little
# remembers its first sample too long, $2\sigma/(\alpha T)$.
#
# * `law`: all have $\mathbb E\|\xi\|^p = \sigma^p$. *Critical spikes* come about once in $1/\alpha$
#   steps, as rarely as they can without being averaged. *Pareto* has tail index $p + 0.1$. The
#   *coin* $\pm\sigma$ has a variance, and is averaged better than a bound that knows only $p$ says.
# * `clip`: clip each sample before it is averaged. The exponent in $T$ stays the same, for
#   normalization has already bounded the step.

# %%
SEEDS, HORIZONS = 32, (64, 256, 1024, 4096)
ALPHAS = np.geomspace(0.003, 0.9, 9)
THEOREM = {"no": NSGDMomentum, "yes": NSGDClipped}


def instance(law: str, theorem, p: float, sigma: float):
    """Problem and noise as functions of T, hard for the steps that the theorem prescribes."""
    problem, spikes = walked(theorem, p, sigma, (1.0, 1.0))
    if law == "Pareto":
        return problem, Pareto.of(p, sigma)
    coin = two_point(p, sigma, 0.5, np.array([0.0, 1.0]))
    return problem, (coin if law == "coin" else spikes)


def measured(law: str, theorem, p: float, sigma: float, T: int):
    """Mean of Y_T, two standard errors, and the terms of the bound."""
    trial = Claim("notebook-heavy", theorem, *instance(law, theorem, p, sigma), horizons=(T,))
    runs = trial.measure(T, Session(), SEEDS).final()
    c = trial.instance(T)[2]
    alpha, gamma = theorem.pair(c, T)
    move = theorem.walk(c, T) + 2 * c.L * gamma * (1 - alpha) / alpha
    return runs.mean(), 2 * runs.std() / SEEDS**0.5, move, theorem.bound(c, T) - move


def balance(p: float, sigma: float, T: int, law: str, clip: str):
    """Left: against α at one T. Right: against T at the prescribed α."""
    figure, (left, right) = panels(1, 2, (9.0, 3.9))
    kind = THEOREM[clip]
    q = min(1.0, 1 / (sigma**2 * T))  # LΔ = 1 on these instances
    best = q ** (p / (3 * p - 2))
    trials = [kind(scale=(a / best) ** 0.5, alpha=a) for a in ALPHAS]
    rows = np.array([measured(law, theorem, p, sigma, T) for theorem in trials])
    mean, error, move, noise = rows.T
    left.loglog(ALPHAS, move, "--", color=GREEN, label="walk and old gradients")
    left.loglog(ALPHAS, noise, "--", color=VERMILION, label="noise")
    left.loglog(ALPHAS, move + noise, "-", color=BLACK, label="bound")
    left.errorbar(ALPHAS, mean, error, fmt="o", color=BLUE, label="measured")
    left.axvline(best, color=GRAY, lw=1)
    left.set(xlabel="α", ylabel="Y_T", title=f"T = {T}, p = {p:g}, α* = {best:.3g}")
    left.legend()
    rows = np.array([measured(law, kind(), p, sigma, T) for T in HORIZONS])
    mean, error, move, noise = rows.T
    slope = np.polyfit(np.log(HORIZONS), np.log(mean), 1)[0]
    exponent = (p - 1) / (3 * p - 2)
    T0 = np.array(HORIZONS)
    right.loglog(T0, move + noise, "-", color=BLACK, label="bound")
    shape = mean[0] * (T0 / T0[0]) ** -exponent
    right.loglog(T0, shape, ":", color=GRAY, label="T^(−(p−1)/(3p−2))")
    right.errorbar(T0, mean, error, fmt="o", color=BLUE, label="measured")
    right.set(xlabel="T", ylabel="Y_T", title=f"exponent {exponent:.3f}, measured {-slope:.3f}")
    right.legend()
    return figure


play(
    balance,
    p=(1.5, (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0)),
    sigma=(1.0, (0.1, 0.3, 1.0, 3.0)),
    T=(1024, HORIZONS),
    law=("critical spikes", ("critical spikes", "Pareto", "coin")),
    clip=("no", ("no", "yes")),
)

# %% [markdown]
# Every method has its own balance, and with it its own exponent. Sharing a sample between two steps
# (NSGD-VR) or looking ahead (NIGT) makes old gradients cheaper; not knowing $p$ costs something.
# The dots are NSGD-M as measured above.


# %%
EXPONENTS = {
    "NSGD-M, (p−1)/(3p−2)": lambda p: (p - 1) / (3 * p - 2),
    "NSGD-M without knowing p, (p−1)/(2p)": lambda p: (p - 1) / (2 * p),
    "NSGD-VR, (p−1)/(2p−1)": lambda p: (p - 1) / (2 * p - 1),
    "NIGT, 2(p−1)/(5p−3)": lambda p: 2 * (p - 1) / (5 * p - 3),
}


def exponents():
    """Exponents of 1/T against p."""
    figure, axis = panels(1, 1, (7.0, 3.8))
    fine = np.linspace(1.01, 2, 100)
    for (name, exponent), color in zip(EXPONENTS.items(), PALETTE, strict=False):
        axis.plot(fine, exponent(fine), color=color, label=name)
    powers, slopes = (1.2, 1.5, 1.8, 2.0), []
    for p in powers:
        found = [measured("critical spikes", NSGDMomentum(), p, 0.3, T)[0] for T in HORIZONS]
        slopes.append(-np.polyfit(np.log(HORIZONS), np.log(found), 1)[0])
    axis.plot(powers, slopes, "o", color=PALETTE[0], label="NSGD-M, measured")
    axis.set(xlabel="p", ylabel="exponent of 1/T", ylim=(0, 0.5))
    axis.legend(loc="upper left")
    return figure


play(exponents)

# %% [markdown]
# ## Clipping instead of normalizing
#
# Clipped SGD, $w_{t+1} = w_t - \gamma\,\mathrm{clip}_h(\nabla f(w_t) + \xi_t)$, is another way to
# bound a step. But a clipped mean is biased. Take $f = \frac12\|w\|^2$ in the plane and skewed
# noise along one axis: $+s$ with a small chance $q$, $-sq/(1-q)$ otherwise. Then
# $\mathbb E\,\mathrm{clip}_h(g+\xi)$ vanishes not at $g = 0$ but at
#
# $$g^\star = \frac{q\,(s-h)_+}{1-q},$$
#
# whatever the step $\gamma$ and however long you run. The runs below start *in* the minimum and
# leave it. Only $h \ge s$ cures it, which is why theorems let $h$ grow with $T$.


# %%
class Along(AbstractPointwise):
    """⟨∇f(w), e⟩ with e the axis of the noise."""

    def at(self, problem, state):
        return problem.grad(state.x)[0]


E1, MARKS = np.array([1.0, 0.0]), np.unique(np.linspace(1, 3000, 40).astype(int))


def clipped(h: float, q: float, gamma: float):
    """Left: the mean of a clipped sample against g. Right: runs from the minimum."""
    figure, (left, right) = panels(1, 2, (9.0, 3.6))
    s = q**-0.5
    low, star = s * q / (1 - q), q * max(s - h, 0) / (1 - q)
    g = np.linspace(-0.2, 0.8, 400)
    mean = q * np.clip(g + s, -h, h) + (1 - q) * np.clip(g - low, -h, h)
    left.plot(g, mean, color=BLUE, label="clipped at h")
    left.plot(g, g, ":", color=GRAY, label="without clipping")
    left.axhline(0, color=GRAY, lw=1)
    left.plot(star, 0, "o", color=VERMILION, label=f"g* = {star:.3f}")
    left.set(xlabel="g = ∇f", ylabel="E clip_h(g + ξ)")
    left.legend()
    problem = bowl(np.zeros(2))
    oracle = Oracle(problem, two_point(2.0, (q + q**2 / (1 - q)) ** 0.5 * s, q, E1))
    key = claim_key("notebook-clip", 0, 3000)
    found = run(
        Experiment(problem, oracle, ClippedSGD(gamma, h), Along()), 3000, key, seeds=range(64),
        chunk=64, marks=MARKS,
    ).values  # fmt: skip
    right.plot(MARKS, found.mean(axis=0), color=BLUE, label="mean of 64 runs")
    low10, high90 = np.quantile(found, (0.1, 0.9), axis=0)
    right.fill_between(MARKS, low10, high90, color=BLUE, alpha=0.2, lw=0, label="10 % to 90 %")
    right.axhline(star, color=VERMILION, ls="--", label="g*")
    right.set(xlabel="t", ylabel="∇f(w_t)", title=f"s = {s:.3g}")
    right.legend()
    return figure


play(
    clipped,
    h=(1.0, (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)),
    q=(0.05, (0.02, 0.05, 0.1, 0.2)),
    gamma=(0.01, (0.003, 0.01, 0.03, 0.1)),
)

# %% [markdown]
# `convergence verify counterexamples/clipping_fixed_threshold.py` has it as claims.
#
# Next: [4 · your own claim](04_your_own_claim.ipynb).

# %% [markdown]
# ## Exercises
#
# 1. For moments of order p = 2 the exponent is 1/4. Read that of p = 1.5 off the runs and compare
#    it with (p − 1)/(3p − 2).
# 2. Clip at a level so high that nothing is clipped. What happens to the mean, and what to the
#    median?
# 3. Of two methods with one rate the clipped one may be worse by a constant. Measure it at the
#    longest horizon.
