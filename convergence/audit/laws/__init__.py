"""Laws of optimizers: what binds everyone, and what a family promises.

A law is a function of a subject whose docstring states it, with its proof or source.
`LAWS` is the order of the columns.
"""

from __future__ import annotations

from convergence.audit.laws import options, rest, structure
from convergence.audit.laws.law import Law

LAWS: tuple[Law, ...] = (
    Law("U1", "moves", rest.moves, True),
    Law("S4", "first step descends", rest.descends, True),
    Law("S13", "zero gradient rests", rest.zero_gradient_rests, True),
    Law("S13f", "zero first gradient", rest.zero_first_gradient, True),
    Law("U2", "rate 0 rests", rest.rate_zero_rests, True),
    Law("U5", "f falls on ½‖x‖²", rest.falls, True),
    Law("U11", "answers this gradient", rest.late, True),
    Law("C23", "leaves x = 0", rest.starts_at_zero, True),
    Law("U4", "survives an outlier", rest.outlier, True),
    Law("U3", "every shape", structure.shapes, True),
    Law("S8", "state is complete", structure.state_is_complete, True),
    Law("S9g", "two groups = one", structure.groups, True),
    Law("U10", "beside a resting parameter", structure.another_parameter, True),
    Law("U10l", "a late parameter", structure.late_parameter),
    Law("S12", "float32 = float64", structure.precisions, True),
    Law("S12i", "foreach = loop", structure.implementations, True),
    Law("U8", "complex gradients", structure.complex_gradients, True),
    Law("U6", "bfloat16 moves", structure.bfloat16),
    Law("U7d", "decay acts", options.decay_acts, True),
    Law("U7", "every option acts", options.options_act, True),
    Law("U14", "maximize", options.maximizes, True),
    Law("U15", "loss scale", options.loss_scale, True),
    Law("U9", "accumulation", options.accumulates, True),
    Law("S9", "2n = n + n", structure.halves),
    Law("U3t", "transpose", structure.transposes),
)
