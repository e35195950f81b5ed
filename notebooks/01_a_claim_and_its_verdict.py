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
# # 1 · A claim and its verdict
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)][colab]
#
# [colab]: https://colab.research.google.com/github/OWNER/convergence-lab/blob/main/notebooks/01_a_claim_and_its_verdict.ipynb
#
# About five minutes to read and play; its cells run in less than a minute on two cores. In Colab
# run `pip install convergence-lab` first and fetch `_play.py` from beside this notebook. Without a
# screen, `python _page.py 01_a_claim_and_its_verdict.ipynb` (after `pip install nbconvert
# latex2mathml`) makes a page with still pictures, which needs no network.
#
# A convergence theorem promises a number. For stochastic gradient descent
# $x_{t+1} = x_t - \gamma\,(\nabla f(x_t) + \xi_t)$ on an $L$-smooth $f$, with
# $\mathbb E\|\xi_t\|^2 \le \sigma^2$ and $\Delta = f(x_0) - f^\star$, it says for every
# $0 < \gamma < 2/L$
#
# $$\frac1T\sum_{t<T}\mathbb E\|\nabla f(x_t)\|^2 \;\le\;
#   \frac{\Delta}{\gamma(1 - L\gamma/2)\,T} + \frac{L\gamma\sigma^2}{2 - L\gamma}.$$
#
# A **claim** puts it to the test: this theorem, on this problem, under this noise.

# %%
import jax
import numpy as np
from _play import play

from convergence import Claim, Session, verify
from convergence import statistics as st
from convergence.figures import plot_run
from convergence.figures.style import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    PURPLE,
    SKY,
    VERDICTS,
    VERMILION,
    panels,
    plain_ticks,
)
from convergence.noise.gaussian import Gaussian
from convergence.problems.quadratic import Isotropic
from convergence.theorems.classical.ghadimi2013 import SGDAnyStep, SGDNonconvex

jax.config.update("jax_enable_x64", True)

claim = Claim(
    slug="first-claim",
    theorem=SGDNonconvex(),
    problem=Isotropic(np.array([1.0, -1.0])),
    noise=Gaussian(sigma=1.0),
    horizons=(8, 32, 128),
    seeds=4096,
)
report = verify(claim)
print(report.verdict, "·", report.reason)

# %% [markdown]
# The same claim as a picture, in one line: what its runs do, step by step, and what the theorem
# allows on average. `T` is the horizon, for which the step is prescribed.

# %%
play(lambda T: plot_run(claim, T, session=Session()), T=(32, (8, 16, 32, 64, 128)))

# %% [markdown]
# The theorem never saw the problem. It was given the constants that the problem proves about
# itself and the moments that the noise vouches for, and from them it prescribed a step:

# %%
for name in ("L", "Delta", "sigma", "d"):
    print(f"{name:>9} = {report.constants[name]:g}")
print("prescribed", {name: str(value) for name, value in report.hyper.items()})

# %% [markdown]
# ## Would we have noticed?
#
# CONSISTENT is cheap if the bound is loose. Two numbers say how much it means:
# **slack** is bound / measured, and **power** the smallest factor by which the bound could have
# been overstated and still be caught.

# %%
print(f"slack {report.judgement.slack:.3f}, power {report.judgement.power:.3f}")

# %% [markdown]
# See for yourself: claim `factor` times the bound of the theorem. Below, on the left, the mean of
# the runs and both bounds. On the right is the evidence *against* the claim: a bettor starts with
# 1 and stakes, run by run, that the metric $M_i$ exceeds the claimed bound $B$,
#
# $$W_n = \text{mean over stakes } \lambda \text{ of }
#   \prod_{i\le n}\bigl(1 + \lambda(M_i/B - 1)\bigr).$$
#
# If the claim is true, the bettor gets to $1/\alpha$ with probability at most $\alpha$, however
# long it lasts. So you may add runs and look again, as often as you like.

# %%
ALPHA = 1e-3
RECORDS = {T: claim.measure(T, Session(), claim.seeds).final() for T in claim.horizons}


def claimed(factor: float, runs: int):
    """Mean and bounds against T, and the bettor's wealth against the number of runs."""
    bounds = {T: claim.theorem.bound(claim.instance(T)[2], T) for T in RECORDS}
    samples = [st.Sample(T, M[:runs], factor * bounds[T], light=True) for T, M in RECORDS.items()]
    found = st.judge_expectation(samples, ALPHA)
    figure, (left, right) = panels(1, 2, (9.0, 3.6))
    mean = np.array([row.estimate for row in found.rows])
    limits = np.array([row.interval for row in found.rows]).T
    reach = np.where(np.isfinite(limits), np.abs(limits - mean), 0.0)
    T = np.array(list(RECORDS))
    left.errorbar(T, mean, reach, fmt="o", color=BLUE, capsize=3, label="mean of the runs")
    left.loglog(T, list(bounds.values()), "-", color=BLACK, label="theorem")
    left.loglog(T, [s.bound for s in samples], "--", color=VERMILION, label="claimed")
    left.set(xlabel="T", ylabel="(1/T) Σ ‖∇f‖²", ylim=(0.05, 2))
    plain_ticks(left.xaxis, T)
    left.legend(loc="lower left")
    for (T, M), color, line in zip(RECORDS.items(), (SKY, GREEN, PURPLE), ("-", "--", "-.")):
        gains = M[:runs] / (factor * bounds[T]) - 1
        wealth = st.log_wealth_path(gains) / np.log(10)
        right.plot(np.arange(1, runs + 1), wealth, line, color=color, label=f"T = {T}")
    right.axhline(-np.log10(ALPHA), color=BLACK, linestyle=":", label="1/α")
    right.set(
        xlabel="runs", ylabel="log₁₀ of the wealth", xscale="log", xlim=(1, 4096), ylim=(-8, 12)
    )
    right.legend(loc="lower left")
    color, _, glyph = VERDICTS[str(found.verdict)]
    figure.suptitle(f"{factor:g} × the bound, {runs} runs: {glyph} {found.verdict}", color=color)
    return figure


play(
    claimed,
    factor=(1.0, (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0, 1.01, 1.02, 1.05, 1.1, 1.5, 2.0)),
    runs=(4096, (4, 16, 64, 256, 1024, 4096)),
)

# %% [markdown]
# With few runs the verdict is **INCONCLUSIVE**: the judge would rather not say than guess. With
# 4096 runs even 5 % are found out, and a factor of exactly 1 survives at any number of runs.
#
# ## A condition that matters
#
# Now leave the condition $\gamma < 2/L$ out, a slip that is easily made:
# $\frac1T\sum\mathbb E\|\nabla f\|^2 \le \frac{2\Delta}{\gamma T} + L\gamma\sigma^2$ "for every
# $\gamma$". It is true up to $1/L$. On $\frac L2\|x\|^2$ the mean square of the gradient obeys
# $u_{t+1} = (1 - L\gamma)^2 u_t + L^2\gamma^2\sigma^2$, which explodes beyond $2/L$.


# %%
STEPS = np.linspace(0.1, 2.4, 24)


def any_step(T: int, sigma: float, L: float):
    """Measured mean, its exact law and the careless bound against Lγ; one compiled program."""
    figure, axis = panels(1, 1, (7.0, 3.8))
    mean, law, bound = [], [], []
    for scale in STEPS:
        theorem = SGDAnyStep(scale=scale)
        problem, noise = Isotropic(np.array([1.0, -1.0]), L), Gaussian(sigma)
        trial = Claim("any-step", theorem, problem, noise, horizons=(T,), seeds=256)
        c = trial.instance(T)[2]
        mean.append(trial.measure(T, Session(), 256).final().mean())
        bound.append(theorem.bound(c, T))
        u = [c.grad0**2]
        for _ in range(T - 1):
            u.append((1 - scale) ** 2 * u[-1] + scale**2 * c.sigma**2)
        law.append(np.mean(u))
    axis.semilogy(STEPS, law, "-", color=BLACK, label="exact law")
    axis.semilogy(STEPS, bound, "--", color=VERMILION, label="the bound without its condition")
    axis.semilogy(STEPS, mean, "o", color=BLUE, label="mean of 256 runs")
    for place, text in ((1.0, "1/L"), (2.0, "2/L")):
        axis.axvline(place, color=GRAY, linewidth=1)
        axis.annotate(text, (place, axis.get_ylim()[0]), va="bottom", ha="right", color=GRAY)
    axis.set(xlabel="Lγ", ylabel="(1/T) Σ ‖∇f‖²")
    axis.legend(loc="upper left")
    return figure


play(
    any_step,
    T=(32, (8, 16, 32, 64, 128)),
    sigma=(1.0, (0.0, 0.3, 1.0, 3.0)),
    L=(1.0, (0.1, 1.0, 10.0)),
)

# %% [markdown]
# The registry keeps this false statement as a claim that expects **REFUTED**, for a judge that
# never says no is worth nothing: `convergence verify sgd-step-too-large`.
#
# Next: [2 · the GaLore counterexample](02_galore_counterexample.ipynb).

# %% [markdown]
# ## Exercises
#
# 1. Ask for `factor` 0.98 and find the fewest runs with which it is refuted. Then 0.95: how does
#    the number change? Wealth grows like the square of the gap.
# 2. The theorem holds for every γ < 2/L. Move γ to 1.9/L: the bound grows, and slack with it.
#    Which term of the bound makes it so?
# 3. Replace `Gaussian` by `two_point` noise of the same σ: does a verdict change, and should it?
