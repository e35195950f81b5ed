"""Faults planted in adaptive methods: corrections left out, decays exchanged, clocks moved."""

from __future__ import annotations

from typing import Any

import optax

from convergence.algorithms.adaptive.sign_feedback import SignFeedback
from convergence.algorithms.optax_adapter import FromOptax
from convergence.registry.adaptive import feedback, linear, online, steps
from tests.mutants.base import Mutant, tamper
from tests.mutants.deterministic import half
from tests.mutants.tight import changed, options, plant

CLAIM: dict[str, Any] = {
    claim.slug: claim for claim in (*linear.CLAIMS, *online.CLAIMS, *steps.CLAIMS, *feedback.CLAIMS)
}


def of(name: str, slug: str, fault: Any) -> Mutant:
    """A fault in the method of an adaptive claim."""
    return plant(name, slug, fault, CLAIM)


def instead(factory: Any, **more: Any) -> Any:
    """Another factory with the options of the first."""

    def make(a: Any) -> FromOptax:
        given: dict[str, Any] = {k: float(v) for k, v in a.options.items()}
        return FromOptax(factory, **{**given, **more})

    return make


def exchanged(name: str) -> Any:
    """Another method of optax on the same losses."""

    def make(a: Any) -> FromOptax:
        given: dict[str, Any] = {k: float(v) for k, v in a.options.items()}
        return FromOptax(a.factory, **given, name=name)

    return make


def remembers(a: Any) -> FromOptax:
    """AMSGrad in place of Adam on the losses in periods."""
    given: dict[str, Any] = dict(a.static)
    return FromOptax(a.factory, scale=0.5, **{**given, "largest": True})


def ascends(a: Any) -> FromOptax:
    """Steps of the other sign on the losses in periods."""
    return FromOptax(a.factory, scale=-0.5, **dict(a.static))


def coupled(learning_rate: Any, b1: Any, b2: Any, eps: Any, weight_decay: Any) -> Any:
    """Adam whose decay goes through the normalizer."""
    return optax.chain(
        optax.add_decayed_weights(weight_decay), optax.adam(learning_rate, b1, b2, eps)
    )


def coupled_default(learning_rate: Any, weight_decay: Any) -> Any:
    """The same with the usual averages."""
    return coupled(learning_rate, 0.9, 0.999, 1e-8, weight_decay)


class Forgetful(SignFeedback):
    """What a step leaves out is lost."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        after = super().step(t, state, oracle, key)
        return type(after)(after.x, 0 * after.e)


def forgetful(a: SignFeedback) -> Forgetful:
    """The same step without memory."""
    return Forgetful(a.eta, a.n)


MUTANTS = (
    of("adagrad-filled", "adagrad-linear", options(initial_accumulator_value=0.1)),
    of("rmsprop-corrected", "rmsprop-linear", options(bias_correction=True)),
    of("amsgrad-uncorrected", "amsgrad-linear", options(bias_correction_mu=False)),
    of("adamax-is-yogi", "adamax-linear", instead(optax.yogi)),
    of("radam-early", "radam-linear", options(threshold=4.5)),
    of("adabelief-damped", "adabelief-linear", options(eps_root=1e-4)),
    of("nadam-is-adam", "nadam-linear", instead(optax.adam)),
    of("novograd-averaged", "novograd-linear", options(b1=0.5)),
    of("lion-decays", "lion-linear", options(weight_decay=1e-3)),
    of("adagrad-no-start", "adagrad-smooth", options(initial_accumulator_value=0.0)),
    of("sign-half-step", "sign-descent-smooth", options(learning_rate=0.5)),
    of("spectral-half-step", "spectral-descent-smooth", half),
    of("adam-that-remembers", "adam-climbs", exchanged("amsgrad")),
    of("amsgrad-that-forgets", "amsgrad-descends", exchanged("adam")),
    of("adopt-that-normalizes-late", "adopt-descends", exchanged("adam")),
    of("adam-that-remembers-periods", "adam-descends-with-momentum", remembers),
    of("amsgrad-that-ascends", "amsgrad-climbs-with-momentum", ascends),
    of("adagrad-norm-shorter-memory", "adagrad-norm-smooth", changed(b=lambda b: b / 2)),
    Mutant("adagrad-norm-tenth-less", lambda: tamper(
        CLAIM["adagrad-norm-regret"], number=lambda b, T: 0.9 * b)),
    of("median-momentum", "sign-seeks-median", instead(optax.signum, beta=0.9)),
    of("adam-median-longer-memory", "adam-towards-median", options(b2=0.999)),
    of("adopt-without-momentum", "adopt-linear", options(b1=0.5)),
    of("adam-longer-memory", "adam-longest-step", options(b2=0.99)),
    of("adam-cycle-momentum", "adam-two-cycle", options(b1=0.9)),
    of("sign-cycle-step", "sign-two-cycle", options(learning_rate=0.01)),
    of("lars-momentum", "lars-factor", options(momentum=0.9)),
    of("fromage-unscaled", "fromage-factor", options(learning_rate=0.11)),
    of("lookahead-k", "lookahead-factor", options(k=4)),
    of("sam-radius", "sam-cycle", options(rho=5.0)),
    of("adamw-coupled", "adamw-decay-alone", instead(coupled_default)),
    of("coupled-half-decay", "sgd-coupled-decay", options(weight_decay=0.125)),
    of("adamw-box-longer-memory", "adamw-box", options(weight_decay=0.2)),
    of("lion-box-half-decay", "lion-box", options(weight_decay=0.125)),
    of("sign-decay-longer", "sign-decay-rest", options(learning_rate=0.07)),
    of("sign-momentum", "sign-descent-skewed", instead(optax.signum, beta=0.9)),
    of("feedback-forgotten", "sign-feedback-valley", forgetful),
    of("feedback-of-a-longer-step", "sign-feedback-skewed", changed(eta=lambda e: 1.2 * e)),
    Mutant("feedback-third-of-the-bound", lambda: tamper(
        CLAIM["sign-feedback-interpolation"], number=lambda b, T: b / 3)),
    of("valley-plain", "sign-descent-valley", instead(optax.sgd)),
    Mutant("adam-step-of-a-spike", lambda: tamper(
        CLAIM["adam-longest-step"], number=lambda b, T: b / 1.05)),
)  # fmt: skip
