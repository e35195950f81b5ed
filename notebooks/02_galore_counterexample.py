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
# # 2 · The GaLore counterexample
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)][colab]
#
# [colab]: https://colab.research.google.com/github/OWNER/convergence-lab/blob/main/notebooks/02_galore_counterexample.ipynb
#
# About ten minutes to read and play; its cells run in less than a minute on two cores. In Colab run
# `pip install convergence-lab` first and fetch `_play.py` from beside this notebook. Without a
# screen, `python _page.py 02_galore_counterexample.ipynb` (after `pip install nbconvert
# latex2mathml`) makes a page with still pictures, which needs no network.
#
# GaLore trains a matrix $X$ in a subspace: every $\tau$ steps it takes the $r$ leading left
# singular vectors $P$ of the *stochastic* gradient $G$, and then moves by $-\eta\,P\,P^\top G$ or,
# with an optimizer inside, by $-\eta\,P\,\mathrm{opt}(P^\top G)$.
#
# $$f(X) = \tfrac12\|AX\|_F^2 + \langle B, X\rangle,\quad A = [\,I\ \ 0\,],\quad
#   B = \begin{pmatrix} D & 0\\ 0 & 0\end{pmatrix},\qquad
#   G = \begin{pmatrix} \nabla f & 0\\ 0 & \xi\sigma I_4\end{pmatrix},\quad \xi = \pm1 .$$
#
# Started at $X_0 = 0$ the gradient is $D$, and the noise sits in four rows that $f$ does not even
# see. But as a matrix it has the singular value $\sigma$ four times. If $\sigma$ exceeds every
# singular value of $D$, then the four leading directions of $G$ are those of the **noise**: the
# projection throws the gradient away, at every refresh, whatever happens inside.
# $f(X_t) = f(X_0)$ for all $t$.

# %%
import jax
import numpy as np
import optax
from _play import play

from convergence import Session
from convergence.algorithms.subspace.projected import Subspace
from convergence.figures import plot_run
from convergence.figures.style import BLACK, BLUE, GRAY, VERMILION, panels
from convergence.keys import claim_key
from convergence.metrics.pointwise import Gap
from convergence.noise.matrix import BatchMean, CornerGaussian, CornerSign
from convergence.oracles.base import Oracle
from convergence.parts.momenta import EMA, Optax, Plain
from convergence.parts.projectors import Haar, TopSVD
from convergence.problems.counterexample import Counterexample
from convergence.registry import registry
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.theorems.subspace.he2025_stall import GaussianLaw, StallsOddBatch

jax.config.update("jax_enable_x64", True)

D = np.asarray(Counterexample.published().D)  # the published matrix, 6 × 6
PROBLEM, RANK = Counterexample(D, np.zeros((10, 10))), 4
S = np.linalg.svd(D, compute_uv=False)
print("singular values of D:", S.round(2))

# %% [markdown]
# A claim of the registry as a picture, in one line: GaLore's runs on this problem, and the law that
# they do not move. Any other of `convergence list` is drawn the same way.

# %%
CLAIMS = {claim.slug: claim for claim in registry()}
play(
    lambda T: plot_run(CLAIMS["galore-stalls"], T, seeds=16, session=Session()),
    T=(100, (10, 30, 100, 300)),
)

# %% [markdown]
# ## Turn the noise up
#
# On the left $f(X_t) - f^\star$ in units of its start; on the right where GaLore stands after
# $T$ steps, against $\sigma$. The stall begins at $\sigma_{\max}(D)$, the thin vertical line.
#
# * `sigma`: every singular value $s_i$ above $\sigma$ can still be reduced, those below cannot.
#   For plain steps the black line is exact: at a refresh the $r$ largest of
#   $s_1, \dots, s_6, \sigma, \sigma, \sigma, \sigma$ are selected, and what is selected shrinks by
#   $1 - \eta$ a step. Roughly, $f - f^\star \to \frac12\sum_i \min(s_i, \sigma)^2$.
# * `r`: a fifth direction has room for one of the gradient, and the stall is over.
# * `tau`: with rare refreshes a selected value overshoots below $\sigma$ before the next one.
# * `batch`: the mean of an odd number of coins is never 0, so GaLore still stops, at the latest
#   at $\frac12\sum_i\min(s_i, \theta\sigma/B)^2$ with $\theta = (1-\eta)^\tau$ (the black line
#   then). With an even number the coins sometimes cancel: a glimpse of the gradient.
# * `inner`: momentum or Adam inside the subspace cannot help. They never see the gradient.
#
# GoLore draws its directions at random instead, and gets on with it. (A new `r` or `inner` is
# another program: compiling it takes a few seconds. Everything else is a number in the same one.)

# %%
T, ETA, SEEDS = 1500, 0.02, 8
MARKS = np.unique(np.linspace(1, T, 40).astype(int))
SIGMAS = np.geomspace(0.2, 10, 10)
INNER = {"plain": Plain(), "momentum": EMA(0.1), "Adam": Optax(optax.scale_by_adam)}
START = 0.5 * np.sum(S**2)


def gaps(projector, sigma: float, r: int, tau: int, batch: int, inner: str) -> np.ndarray:
    """(SEEDS, len(MARKS)) of (f(X_t) − f*)/(f(X_0) − f*)."""
    oracle = Oracle(PROBLEM, BatchMean(CornerSign(sigma, RANK), batch))
    method = Subspace(projector, ETA, r=r, tau=tau, inner=INNER[inner])
    key = claim_key("notebook-galore", 0, T)
    found = run(
        Experiment(PROBLEM, oracle, method, Gap()),
        T,
        key,
        seeds=range(SEEDS),
        chunk=SEEDS,
        marks=MARKS,
    )
    return found.values / START


def selected(sigma: float, r: int, tau: int) -> float:
    """The same for plain steps and one coin, exactly: only what is selected shrinks."""
    s = S.copy()
    for begin in range(0, T, tau):
        largest = np.argsort(-np.concatenate([s, [sigma] * RANK]))[:r]
        s[largest[largest < len(s)]] *= (1 - ETA) ** min(tau, T - begin)
    return 0.5 * np.sum(s**2) / START


def theory(sigma: float, r: int, tau: int, batch: int, inner: str) -> float:
    """What is known of GaLore at T: a law, a floor, or nothing (NaN)."""
    if inner == "plain" and batch == 1:
        return selected(sigma, r, tau)
    if r > RANK:
        return np.nan
    if sigma >= batch * S[0] and batch % 2 == 1:
        return 1.0  # any optimizer inside
    if inner == "plain" and batch % 2 == 1:
        c = PROBLEM.constants() | BatchMean(CornerSign(sigma, RANK), batch).constants((10, 10))
        return StallsOddBatch(r=r, tau=tau, eta=ETA).bound(c, T)[0] / START
    return np.nan


def stall(sigma: float, r: int, tau: int, batch: int, inner: str):
    """Left: runs at one σ. Right: every σ."""
    figure, (left, right) = panels(1, 2, (9.0, 3.8))
    t = np.concatenate([[0], MARKS])
    for name, projector, color in (("GaLore", TopSVD(), BLUE), ("GoLore", Haar(), VERMILION)):
        runs = gaps(projector, sigma, r, tau, batch, inner)
        runs = np.concatenate([np.ones((SEEDS, 1)), runs], axis=1)
        left.semilogy(t, runs.mean(axis=0), color=color, label=name)
        left.fill_between(t, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.2, lw=0)
    known = theory(sigma, r, tau, batch, inner)
    left.axhline(known, color=BLACK, lw=1, ls="--", label="theory at T" if known == known else None)
    left.set(xlabel="t", ylabel="(f(X_t) − f*) / (f(X_0) − f*)", ylim=(1e-6, 3))
    left.set_title(f"σ = {sigma:.3g}, r = {r}, τ = {tau}, B = {batch}, {inner}")
    left.legend(loc="lower left")
    ends = [gaps(TopSVD(), s, r, tau, batch, inner)[:, -1].mean() for s in SIGMAS]
    fine = np.geomspace(SIGMAS[0], SIGMAS[-1], 200)
    right.loglog(SIGMAS, np.maximum(ends, 1e-6), "o", color=BLUE, label="GaLore, measured")
    known = [max(theory(s, r, tau, batch, inner), 1e-6) for s in fine]
    right.loglog(fine, known, "-", color=BLACK, lw=1, label="theory")
    right.axvline(S[0], color=GRAY, lw=1)
    right.annotate("σ_max(D)", (S[0], 1.4e-6), rotation=90, color=GRAY, ha="right")
    right.axvline(sigma, color=BLUE, lw=6, alpha=0.15)
    right.set(xlabel="σ", ylabel=f"at T = {T}", ylim=(1e-6, 3))
    right.legend(loc="lower left")
    return figure


play(
    stall,
    sigma=(2.0, (0.2, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 4.8, 4.9, 5.0, 6.0, 8.0, 10.0)),
    r=(4, (2, 3, 4, 5, 6)),
    tau=(10, (1, 3, 10, 30, 100)),
    batch=(1, (1, 2, 3, 4, 5, 8, 9)),
    inner=("plain", tuple(INNER)),
)

# %% [markdown]
# The package states each of these sentences as a theorem and keeps it as a claim:
# `convergence verify 'galore-stalls*' galore-even-batch-converges galore-figure1-plateau`.
#
# ## Is it the coin?
#
# A coin is never 0. Gaussian noise is sometimes tiny, and then GaLore sees the gradient. It does
# converge, but slowly: with all $s_i = \lambda$ the number $j$ of successful refreshes is a birth
# chain, whose law is summed exactly,
#
# $$\mathbb E\,f(X_T) - f^\star = \tfrac12 (n-r)\lambda^2\sum_j P_T(j)\,\theta^{2j}
#   \;\sim\; \frac\pi4\,\frac{(n-r)\,\sigma^2}{(\eta T)^2}.$$

# %%
PURE = Counterexample.pure(n=8, r=4, lam=0.5)
HORIZONS = np.unique(np.geomspace(20, 4000, 8).astype(int))


def gaussian(sigma: float, tau: int):
    """Measured mean, the exact law and its tail."""
    figure, axis = panels(1, 1, (6.4, 3.6))
    noise, theorem = CornerGaussian(sigma, 4), GaussianLaw(r=4, tau=tau, eta=0.1)
    c = PURE.constants() | noise.constants((8, 8))
    horizons = HORIZONS // tau * tau + tau
    key = claim_key("notebook-gaussian", 0, int(horizons[-1]))
    found = run(
        Experiment(PURE, Oracle(PURE, noise), theorem.prescribe(c, 1), Gap()),
        int(horizons[-1]), key, seeds=range(64), chunk=64, marks=horizons,
    )  # fmt: skip
    error = 2 * found.values.std(axis=0) / 8
    axis.errorbar(
        horizons, found.values.mean(axis=0), error, fmt="o", color=BLUE, label="mean of 64 runs"
    )
    law = [theorem.bound(c, int(T)) for T in horizons]
    tail = np.pi / 4 * 4 * sigma**2 / (0.1 * horizons) ** 2
    axis.loglog(horizons, law, "-", color=BLACK, lw=1, label="exact law")
    axis.loglog(horizons, tail, "--", color=GRAY, lw=1, label="(π/4)(n−r)σ²/(ηT)²")
    axis.set(xlabel="T", ylabel="f(X_T) − f*", ylim=(1e-6, 3))
    axis.legend(loc="lower left")
    return figure


play(gaussian, sigma=(1.0, (0.1, 0.3, 1.0, 3.0)), tau=(5, (1, 5, 20)))

# %% [markdown]
# Next: [3 · heavy tails](03_heavy_tails.ipynb).

# %% [markdown]
# ## Exercises
#
# 1. Find the smallest σ at which GaLore stalls with r = 4, and read it off the singular values of
#    D. Then double the batch.
# 2. Take r = 5. Why does GaLore converge now, whatever σ is?
# 3. Even batches converge slowly. Estimate the rate from the left panel and compare it with 1 −
#    2^{−B} C(B, B/2)(1 − θ²) r/(n − r).
