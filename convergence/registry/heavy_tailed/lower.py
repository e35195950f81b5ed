"""Lower bounds: on the chain behind a coin no method of the family is faster than the coin."""

from __future__ import annotations

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.algorithms.heavy_tailed.nigt import NIGT
from convergence.algorithms.heavy_tailed.nsgd import NSGD, NSGDM
from convergence.algorithms.heavy_tailed.nsgd_clip import NSGDC
from convergence.algorithms.heavy_tailed.storm import STORM
from convergence.claims.base import Claim
from convergence.noise.coin import Coin
from convergence.oracles.chain import ChainOracle
from convergence.problems.chain import HIDDEN, Chain
from convergence.registry.heavy_tailed.instances import FEW
from convergence.theorems.classical.carmon2020 import ChainFloor, ChainProgress

# ‖∇f‖ of the chain, λ = 1: steps of a fraction of a coordinate.
CHAIN = Chain(8, 1.0, 152.0)
COIN = Coin(0.05, HIDDEN, 1.5)
METHODS: dict[str, AbstractAlgorithm] = {
    "sgd": ClippedSGD(0.004),
    "clipped-sgd": ClippedSGD(0.05, 10.0),
    "nsgd": NSGD(0.25),
    "nsgd-batch": NSGD(0.25, 4),
    "nsgdm": NSGDM(0.25, 0.3),
    "nsgdc": NSGDC(0.25, 0.3, 10.0),
    "storm": STORM(0.25, 0.5),
    "storm-clipped": STORM(0.25, 0.5, 4, 10.0),
    "nigt": NIGT(0.1, 0.5),
    "nigt-clipped": NIGT(0.1, 0.5, 10.0),
}

CLAIMS = (
    *(
        Claim(
            f"chain-{name}",
            ChainProgress(method),
            CHAIN,
            COIN,
            horizons=(200, 400),
            seeds=FEW,
            chunk=FEW,
            oracle=ChainOracle,
            note="no method finds a coordinate before a coin has shown it",
        )
        for name, method in METHODS.items()
    ),
    *(
        Claim(
            f"chain-{name}-floor",
            ChainFloor(METHODS[name]),
            CHAIN,
            COIN,
            horizons=(100, 160),
            seeds=256,
            oracle=ChainOracle,
        )
        for name in ("nsgdm", "storm")
    ),
)
