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
# # 5 · Attention as a separator
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)][colab]
#
# [colab]: https://colab.research.google.com/github/OWNER/convergence-lab/blob/main/notebooks/05_attention_as_a_separator.ipynb
#
# About ten minutes to read and play; its cells run in less than a minute on two cores. In Colab run
# `pip install convergence-lab` first and fetch `_play.py` from beside this notebook. Without a
# screen, `python _page.py 05_attention_as_a_separator.ipynb` (after `pip install nbconvert
# latex2mathml`) makes a page with still pictures, which needs no network.
#
# One attention head looks at an input of $T$ tokens $x_1,\dots,x_T$ with a query $z$ and answers
# with the score $\sum_t s_t\,g_t$, where $s = \mathrm{softmax}(x_t^\top W z)$ and $g_t$ is what
# token $t$ is worth. Training $W$ by gradient descent on
#
# $$f(W) = -\frac1n\sum_i\sum_t s_{it}\,g_{it}$$
#
# never ends: the best value is reached only as $\|W\|\to\infty$. What settles is the *direction*:
# that of the support vector machine which tells the best token of each input from the others,
#
# $$W_{mm} = \arg\min\|W\|\quad\text{with}\quad (x_{i,best}-x_{it})^\top W z_i \ge 1 .$$
#
# Near the end $1-s_{best}$ is smaller than anything float64 can hold beside 1, so gradients are
# kept as $\nabla f = e^M V$.

# %%
import jax
import numpy as np
from _play import play

from convergence import Session
from convergence.algorithms.attention.normalized_gd import NormalizedGD
from convergence.figures import plot_run
from convergence.figures.style import BLUE, GRAY, GREEN, VERMILION, panels
from convergence.keys import claim_key
from convergence.metrics.attention import Along, MissedDirection
from convergence.metrics.pointwise import AbstractPointwise
from convergence.noise.base import Noiseless
from convergence.oracles.scaled import Scaled
from convergence.problems.attention import Attention, KeyQuery, three_tokens
from convergence.registry import registry
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.theorems.attention.tarzanagh2023 import THRESHOLD

jax.config.update("jax_enable_x64", True)

CLAIMS = {claim.slug: claim for claim in registry()}

# %% [markdown]
# A claim of the registry as a picture, in one line: the attended token is chosen for good.

# %%
play(
    lambda T: plot_run(CLAIMS["attention-selects-locally"], T, seeds=1, session=Session()),
    T=(256, (16, 64, 256)),
)

# %%
MARKS = np.unique(np.geomspace(4, 4000, 40).astype(int))


def path(problem, eta, metric, marks):
    """The metric at the marks of one run of normalized gradient descent."""
    what = Experiment(problem, Scaled(problem, Noiseless()), NormalizedGD(eta), metric)
    key = claim_key("notebook-attention", 0, int(marks[-1]))
    T = int(marks[-1])
    return run(what, T, key, seeds=range(1), chunk=1, marks=marks).values[0]


# %% [markdown]
# ## Two parameterizations, two directions
#
# Two inputs, each with a token $d_i$ that is worth 1 and a token 0 that is worth nothing, and
# queries $e_1, e_2$. The vectors $d_1, d_2$ have length 1 and enclose the angle $\varphi$.
# Trained as it stands, $W$ takes the direction of the separator with the least *Frobenius* norm,
# $(d_1, d_2)$. Trained as $W = KQ^\top$, from a small start, it takes that of least *nuclear*
# norm, of rank one. The cosine of the angle between the two is $\cos(\varphi/2)$: the dashed
# line.
#
# * `phi`: the angle in degrees. At small angles the two directions nearly agree.
# * `start`: the size of the start. A large one hides the preference for low rank for long.
# * `eta`: the length of a step.


# %%
class Missed(AbstractPointwise):
    """1 − the correlation of W, or of KQᵀ, with a direction."""

    of: MissedDirection

    def at(self, problem, state):
        W = state.x if state.x.ndim == 2 else state.x[0] @ state.x[1].T
        return self.of.at(problem, type(state)(W))


GAUSS = np.random.default_rng(7).standard_normal((2, 2, 2))


def directions(phi: float, start: float, eta: float):
    """Left: the two separators. Right: how far each run is from each."""
    figure, (left, right) = panels(1, 2, (9.0, 3.8))
    p = np.radians(phi)
    d = np.array([[1.0, 0.0], [np.cos(p), np.sin(p)]])
    b = np.array([np.cos(p / 2), np.sin(p / 2)])
    frobenius, nuclear = d.T, np.outer(b, [1.0, 1.0]) / np.cos(p / 2)
    for name, M, color, line in (
        ("least ‖·‖_F", frobenius, BLUE, "-"), ("least ‖·‖_*", nuclear, VERMILION, "--"),
    ):  # fmt: skip
        for k in range(2):
            left.plot([0, M[0, k]], [0, M[1, k]], color=color, ls=line, marker="os"[k],
                      label=f"{name}, W z_{k + 1}")  # fmt: skip
    left.set(xlim=(-0.1, 1.6), ylim=(-0.1, 1.3), aspect="equal", title="columns of the separators",
             xlabel="first entry", ylabel="second entry")  # fmt: skip
    left.legend(fontsize=7, loc="upper right")
    plain = Attention(np.stack([d, 0 * d], axis=1), np.eye(2), [[1, 0], [1, 0]], start * GAUSS[0])
    factored = KeyQuery(plain, start * GAUSS)
    for name, problem, M, color, marker in (
        ("W to least ‖·‖_F", plain, frobenius, BLUE, "o"),
        ("KQᵀ to least ‖·‖_*", factored, nuclear, VERMILION, "s"),
        ("KQᵀ to least ‖·‖_F", factored, frobenius, GREEN, "D"),
    ):
        found = path(problem, eta, Missed(MissedDirection(M)), MARKS)
        right.loglog(MARKS, found, color=color, marker=marker, ms=3, label=name)
    right.axhline(1 - np.cos(p / 2), color=GRAY, ls="--", label="1 − cos(φ/2)")
    right.set(xlabel="step k", ylabel="1 − correlation", title=f"η = {eta:g}")
    right.legend(fontsize=7)
    return figure


play(
    directions,
    phi=(60, (10, 30, 60, 80)),
    start=(0.1, (0.01, 0.1, 1.0)),
    eta=(0.01, (0.003, 0.01, 0.03)),
)

# %% [markdown]
# That $W$ goes to $W_{mm}$ for inputs of two tokens is derived, with its rate; that $KQ^\top$
# goes to the nuclear direction is an observation here. `convergence verify "attention-*"` has
# what is claimed.
#
# ## The best token is not always found
#
# One input on a line: tokens at 0, 3 and 2 that are worth 1, ½ and 0. The slope of $f$ has the
# sign of $-(\tfrac12 y^3 - \tfrac32 y - 2)$ at $y = e^w$, so $w$ runs to $-\infty$ and selects
# the best token from below $w^\star = \ln(2\cosh(\tfrac13\operatorname{arcosh} 2)) = 0.78656$,
# and to $+\infty$ from above, where the token at 3 is selected for half the score.
#
# * `w0`: the start. * `eta`: the length of a step.

# %%
STEPS = np.arange(0, 61)


def threshold(w0: float, eta: float):
    """Left: the loss. Right: the run."""
    figure, (left, right) = panels(1, 2, (9.0, 3.4))
    w = np.linspace(-3, 5, 300)
    h = np.stack([0 * w, 3 * w, 2 * w])
    s = np.exp(h - h.max(axis=0))
    s /= s.sum(axis=0)
    left.plot(w, -(s[0] + 0.5 * s[1]), color=BLUE)
    left.axvline(THRESHOLD, color=GRAY, ls="--", label="w*")
    left.axvline(w0, color=VERMILION, label="w_0")
    left.set(xlabel="w", ylabel="f(w)")
    left.legend()
    found = path(three_tokens(w0), eta, Along([[1.0]]), STEPS)
    right.plot(STEPS, found, "o-", ms=3, color=VERMILION)
    right.axhline(THRESHOLD, color=GRAY, ls="--", label="w*")
    right.set(
        xlabel="step k",
        ylabel="w_k",
        title="selects the " + ("best token" if found[-1] < THRESHOLD else "token at 3"),
    )
    right.legend()
    return figure  # fmt: skip


play(
    threshold,
    w0=(0.8, (-1.0, 0.5, 0.77, 0.8, 1.0, 2.0)),
    eta=(0.1, (0.03, 0.1, 0.3)),
)

# %% [markdown]
# ## Exercises
#
# 1. Where between 0.77 and 0.8 does the head begin to select the token at 3? Does the edge move
#    with the step η?
# 2. `convergence list --family attention` has the statements behind the pictures. Which of them is
#    attained, and by what does the path of regularization miss its bound?
# 3. Take the three-token problem of the last picture and state, as a claim, that the best token is
#    always selected. What refutes it?
