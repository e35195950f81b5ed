"""Certificates that no look can check: a class of the package proves them, another's word does not.

That an instance *is* a certain one, or what a decomposition of its inside gives, is not seen in f
and ∇f. Such a name is good where the class that states it comes with the package.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import equinox as eqx

from convergence.constants import Constants
from convergence.laws.faults import Fault
from convergence.problems.base import AbstractProblem
from convergence.vocabulary import who_certifies

# Flags count where they are True.
TAKEN = (
    # problems
    "opposed", "three_rows", "three_tokens", "collinear", "orthogonal", "ones", "product",
    "z0", "turned", "eps", "K", "kappa", "high", "low", "P", "Q", "par", "par2", "perp",
    "L_A", "L_B", "L_C", "D", "B_sup", "C_sup", "W_norm", "eta", "steps",
    "layer", "layer_rows", "rank", "frob", "residual", "shares", "parts",
    "upper_d", "lower_d", "mu_g", "L_g", "A_mean", "B_mean", "K_mean", "k_mean", "r_mean",
    "y_free", "weight", "hyper", "aligns", "copies", "risk0_aligned",
    # noises
    "three_atoms", "u", "u_chance", "shown", "s_y", "s_z", "s_u",
)  # fmt: skip

# What a problem answers that is looked at.
LOOKED = {
    "value", "grad", "grads", "local", "leads", "n", "gap",
    "start", "constants", "f_star", "x_star",
}  # fmt: skip

# What is looked at only beside another name.
BESIDE = {
    "x_star": ("R",),
    "G_pair": ("samples", "ball", "D_pair", "E_pair", "delta_least", "delta_here", "seesaw"),
    "saddle": ("R_saddle", "mu_saddle", "bilinear", "couplings", "energies", "idle"),
    "box_star": ("box_low", "box_high", "box_least", "box_R", "box_Delta", "box_D"),
    "agents": (
        "zeta", "zeta_all", "G_mean", "risk0", "Xi0", "W", "lam", "lam_min", "U", "E", "hessians",
        "beta", "modes", "R_rms", "mean_mu", "common",
    ),
    "separator": ("inputs", "tokens", "gaps", "pairs"),
    "curvatures": ("mu_star", "condition"),
    "aligns": ("Xi0_aligned", "grad0_aligned", "symmetric_W"),
    "copies": ("unit_spread", "unit_correlation"),
}  # fmt: skip


def unproved(name: str, c: Constants, part: Any) -> Fault:
    """A certificate of a class whose proof nobody has seen."""
    known = ", ".join(who_certifies(name)) or "no class"
    what = f"no look at {type(part).__name__} can check it; {known} of the package can certify it"
    return Fault(name, c[name], None, what)


def ours(part: Any) -> bool:
    """Whether a module and all that it is made of are of classes of the package."""
    if not isinstance(part, eqx.Module):
        if isinstance(part, list | tuple):
            return all(ours(inner) for inner in part)
        return True
    if not _packaged(type(part)):
        return False
    return all(ours(getattr(part, f.name, None)) for f in dataclasses.fields(part))


def _packaged(kind: type) -> bool:
    return kind.__module__.startswith("convergence.")


def altered(part: Any) -> Iterator[str]:
    """What classes that are not the package's answer in the place of a class of the package, beside
    what is looked at: oracles and metrics ask it, and no look does."""
    ancestors = type(part).__mro__
    whole = [kind for kind in ancestors if _packaged(kind)]
    concrete = [kind for kind in whole if not kind.__name__.startswith("Abstract")]
    fields = {field.name for field in dataclasses.fields(part)}
    for kind in ancestors[: ancestors.index(whole[0])]:
        for name, answer in vars(kind).items():
            known = name in LOOKED or name in fields or name.startswith("__")
            told = callable(answer) or isinstance(answer, property)
            if told and not known and any(name in vars(other) for other in concrete):
                yield name


def origin(part: Any, c: Constants) -> Iterator[Fault]:
    """What an instance that is not the package's certifies and cannot be believed for."""
    if ours(part):
        return
    if isinstance(part, AbstractProblem):
        for name in altered(part):
            what = "no look can check it; write it for a class of your own, with a theorem"
            yield Fault(name, type(part).__name__, None, what)
    for name in TAKEN:
        if name in c and c[name] is not False:
            yield unproved(name, c, part)
    for beside, names in BESIDE.items():
        for name in names if beside not in c else ():
            if name in c and c[name] is not False:
                what = f"no look at {type(part).__name__} can check it without {beside}"
                yield Fault(name, c[name], None, f"{what}; certify that too")


def unlisted(noise: Any, shape: tuple[int, ...], c: Constants) -> Iterator[Fault]:
    """The rarest chance and the largest size of a user's law that lists no atoms: draws show
    neither."""
    if noise.atoms(shape) is None:
        yield from (unproved(name, c, noise) for name in ("q", "top") if name in c)
