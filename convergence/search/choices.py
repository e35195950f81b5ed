"""Other choices for what a theorem leaves open: its fields, drawn from their domains."""

from __future__ import annotations

from typing import Any

import numpy as np
import optax

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.sgd import MSGD, SGD, BatchSGD
from convergence.algorithms.subspace.rso import GaussianFrame
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.parts import compressors, matrix_products, momenta, projectors, solvers
from convergence.search.runs import OUTSIDE
from convergence.search.variations import fields, rebuilt
from convergence.theorems.domains import domains

# What stands in a field of each kind; its domain says which of them a statement allows.
PARTS: tuple[tuple[type, tuple[Any, ...]], ...] = (
    (compressors.AbstractCompressor, (
        compressors.TopK(1), compressors.TopK(2), compressors.RandK(1), compressors.Bernoulli(0.3),
        compressors.ScaledSign(), compressors.Scaling(1.6),
    )),
    (projectors.AbstractProjector, (
        projectors.TopSVD(), projectors.Haar(), projectors.Coordinates(), GaussianFrame(),
        projectors.Switch(projectors.TopSVD(), projectors.Haar(), 3),
    )),
    (momenta.AbstractInner, (
        momenta.Plain(), momenta.EMA(0.3), momenta.Optax(optax.scale_by_adam, b1=0.8),
    )),
    (solvers.AbstractDescent, (
        solvers.GD(4), solvers.GD(3, scale=0.4), solvers.GD(0), solvers.AGD(4),
        solvers.MomentumGD(4), solvers.Adam(4), solvers.ZO(4),
    )),
    (matrix_products.AbstractProduct, (
        matrix_products.TopPairs(2), matrix_products.CRS(2), matrix_products.WTA(2),
        matrix_products.WTA(3, c=1), matrix_products.CRS(2, rescale=False),
    )),
    (AbstractAlgorithm, (SGD(0.3), MSGD(0.3, 0.4), ZOSGD(0.1), BatchSGD(0.3, 2))),
)  # fmt: skip


def drawn(theorem: Any, rng: np.random.Generator) -> tuple[Any, tuple[str, ...]]:
    """(the theorem with other choices among its static fields, the names of its real fields)."""
    known, new, reals = domains(type(theorem)), {}, []
    for name in fields(theorem) or ():
        value = getattr(theorem, name)
        parts = next((parts for kind, parts in PARTS if isinstance(value, kind)), ())
        if parts:
            new[name] = parts[rng.integers(len(parts))]
        elif name in known and known[name].values:
            new[name] = known[name].values[rng.integers(len(known[name].values))]
        elif _counts(value):
            new[name] = int(rng.integers(1, 2 * int(value) + 2))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.any(value):
            reals.append(name)
    for names in (tuple(new), *((name,) for name in rng.permutation(list(new))), ()):
        try:
            return rebuilt(theorem, **{name: new[name] for name in names}), tuple(reals)
        except OUTSIDE:
            continue
    return theorem, tuple(reals)


def _counts(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.shape == () and value.dtype.kind in "iu"
    return isinstance(value, int) and not isinstance(value, bool)
