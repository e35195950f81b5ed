"""The planted faults of every family."""

from tests.mutants import (
    decentralized,
    frugal,
    gwt,
    heavy_tailed,
    qgalore,
    rso,
    subspace,
    zeroth_order,
)

FAMILIES = {
    module.__name__.rsplit(".", 1)[1]: module.MUTANTS
    for module in (
        subspace,
        decentralized,
        rso,
        frugal,
        gwt,
        heavy_tailed,
        qgalore,
        zeroth_order,
    )
}
ALL = tuple(mutant for found in FAMILIES.values() for mutant in found)
