"""Why EF21 needs exact gradients: two atoms of noise and one entry a message.

Everyone minimizes ½‖x‖² in the plane, with the gradient noise u = (1.449, −1.379) one time in five
and −u/4 otherwise: mean zero, variance one. A message carries the larger of two entries. EF21 keeps
an estimate h of the gradient and sends the larger entry of what is missing.

Whenever the atom changes, the first entry is off by more than the second, so the first is sent. The
second entry of h is refreshed only when an atom comes twice in a row, for then the first entry is
right already. So the second entry of h is not that of the last sample, but that of the last
REPEATED atom, and a rare atom repeats more rarely than it occurs: u is the last repeated one with
probability P = p²(2 − p)/(1 − p + p²) = 0.0857, not 0.2. The mean of h is off by u₂(P − p)/(1 − p)
= 0.197, x drifts until that is compensated, and ‖∇f‖² stays at 0.0388: for every small step, and
for any number of workers, who all share the bias.

EControl sends the same messages, but adds a part of what it left out to the next: over time what is
sent sums to what was asked for, and it follows SGD down to the noise floor γσ²/(2n).

    convergence verify counterexamples/ef21_two_atom_noise.py
"""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.pair import Pair
from convergence.oracles.finite_workers import Workers
from convergence.problems.workers import unit_workers
from convergence.statistics import Verdict
from convergence.theorems.compression import fatkhullin2023, fatkhullin2023_false

ATOMS = Pair([1.448751, -1.378811], 0.2)
TWO, FEW, MANY = (unit_workers(np.zeros((n, 2)), np.zeros(2)) for n in (2, 8, 16))

CLAIMS = (
    Claim("ef21-sticks-at-the-bias", fatkhullin2023.TwoAtomFloor(), FEW, ATOMS,
          horizons=(4000,), seeds=1024, margin=0.1, oracle=Workers),
    Claim("ef21-sticks-with-more-workers", fatkhullin2023.TwoAtomFloor(), MANY, ATOMS,
          horizons=(4000,), seeds=1024, margin=0.1, oracle=Workers),
    Claim("ef21-is-no-sgd", fatkhullin2023_false.EverythingFollowsSGD(name="ef21"), TWO, ATOMS,
          expect=Verdict.REFUTED, horizons=(256, 512, 1024, 4096), oracle=Workers),
    Claim("econtrol-is-like-sgd", fatkhullin2023.FollowsSGD(), TWO, ATOMS,
          horizons=(256, 512, 1024, 4096), seeds=24576, oracle=Workers),
)  # fmt: skip
