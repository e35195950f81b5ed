"""Options beside which a law is asked again: momentum, decay, and every flag turned over."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator

from convergence.audit.laws.law import Found
from convergence.audit.subject import Subject

# Options that choose how to compute, what to print or store, or what other options mean.
# fmt: off
INERT = frozenset([
    "foreach", "fused", "capturable", "differentiable", "compile_step", "compile", "verbose",
    "log_every", "fsdp_in_use", "triton", "multi_tensor", "name", "slice_p", "process_group",
    "decouple_lr", "promote", "storage_dtype", "ecc", "param_ecc", "orig_shapes", "mu_dtype",
    "nu_dtype", "dtype", "state_dtype", "accumulator_dtype", "q_dtype", "seed", "key",
    "gradient_release", "jit_ok", "use_triton", "maximize", "model", "params", "split",
    "memory_save_mode", "mask", "weight_decay_mask", "use_gc", "mixed_precision", "precision",
    "print", "dummy_param", "kahan_sum", "param_dtype", "axis_name", "gradient_clipping",
    "update_clipping", "cpu", "offload", "use_ema", "ema_momentum",
    "ema_overwrite_frequency"
])
# fmt: on


def beside(s: Subject) -> Iterator[Subject]:
    """The subject alone, with momentum and decay on, and with every flag turned over."""
    yield s
    more = {}
    for name, value in (("momentum", 0.9), ("weight_decay", 0.1)):
        if name in s.accepts and s.accepts[name] in (0, 0.0, None):
            more[name] = value
    if more:
        yield s.set(**more)
    for flag, value in s.accepts.items():
        if isinstance(value, bool) and flag not in INERT:
            yield s.set(**more, **{flag: not value})


def throughout(test: Callable[[Subject], Found]) -> Callable[[Subject], Found]:
    """A law that is asked again beside those options; what refuses one, or is not asked with it, is
    left out."""

    @functools.wraps(test)
    def asked(s: Subject) -> Found:
        found = test(s)
        for other in list(beside(s))[1:] if found.holds else ():
            try:
                again = test(other)
            except Exception:
                continue
            if again.holds is False:
                new = {k: v for k, v in other.options.items() if s.options.get(k, s) != v}
                told = ", ".join(f"{k} = {v}" for k, v in new.items())
                return dataclasses.replace(
                    again, detail=f"with {told}: {again.detail}", instance={**again.instance, **new}
                )
        return found

    return asked
