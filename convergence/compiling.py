"""How programs are compiled: most of the time of a short run goes there."""

from __future__ import annotations

import functools
from typing import Any

import equinox as eqx

# One piece of code instead of up to 32 that are compiled side by side: a fifth to a third of the
# time to compile on two cores, and nothing of the speed.
WHOLE = {"xla_cpu_parallel_codegen_split_count": 1}
# This halves the time again; steps become up to a third slower.
HASTE = {**WHOLE, "xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 1}

# Typed as Any: Equinox hands compiler options on to JAX without saying so.
carefully: Any = functools.partial(eqx.filter_jit, **{"compiler_options": WHOLE})
hastily: Any = functools.partial(eqx.filter_jit, **{"compiler_options": HASTE})
