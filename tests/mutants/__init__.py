"""The planted faults of every family."""

from tests.mutants import (
    adaptive,
    attention,
    compression,
    decentralized,
    deterministic,
    dimat,
    dsgd,
    estimators,
    federated,
    frugal,
    games,
    gwt,
    heavy_tailed,
    identities,
    methods,
    parameter_free,
    qgalore,
    rso,
    subspace,
    tight,
    zeroth_order,
)

FAMILIES = {
    module.__name__.rsplit(".", 1)[1].replace("_", "-"): module.MUTANTS
    for module in (
        subspace,
        deterministic,
        tight,
        adaptive,
        parameter_free,
        methods,
        decentralized,
        dsgd,
        dimat,
        federated,
        games,
        rso,
        frugal,
        gwt,
        heavy_tailed,
        qgalore,
        zeroth_order,
        estimators,
        compression,
        attention,
        identities,
    )
}
ALL = tuple(mutant for found in FAMILIES.values() for mutant in found)
