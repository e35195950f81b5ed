"""Momentum before or after the normalization: the order is the theorem.

The descent inequality of normalized methods needs nothing but steps of length γ:

    (1/T) Σ ‖∇f(w_t)‖ ≤ (f(w_0) − f(w_T))/(γT) + Lγ/2 + (2/T) Σ ‖m_t − ∇f(w_t)‖,

on every single run. Now normalize first and add momentum afterwards, as a heavy ball:
v ← μv + g/‖g‖, w ← w − γv. It looks the same in code. But v is up to 1/(1−μ) long, ten times γ at
μ = 0.9, and near the minimum the iterate swings past it again and again. Without any noise, on
log-cosh, the left side is 0.42 and the right side 0.27: refuted by one deterministic run. No
seeds, no significance, no fit: a certificate is an inequality that holds or does not.

Averaging first and normalizing then keeps the inequality with the same numbers.

    convergence verify counterexamples/heavy_ball_after_normalizing.py
"""

from __future__ import annotations

from convergence.registry.heavy_tailed.false import AVERAGE_BEFORE, HEAVY_BALL

CLAIMS = (HEAVY_BALL, AVERAGE_BEFORE)
