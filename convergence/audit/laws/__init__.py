"""Laws of optimizers: what binds everyone, and what a family promises.

A law is a function of a subject whose docstring states it, with its proof or source.
`LAWS` is the order of the columns.
"""

from __future__ import annotations

from convergence.audit.laws import (
    counterexamples,
    decay,
    formats,
    linear_response,
    options,
    rest,
    scaling,
    steps,
    structure,
)
from convergence.audit.laws.law import Law

LAWS: tuple[Law, ...] = (
    Law("U1", "moves", rest.moves, True),
    Law("S4", "first step descends", rest.descends, True),
    Law("S4z", "first step moves", rest.first_step_moves, True),
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
    Law("S9l", "rates of groups", structure.group_rates, True),
    Law("U10", "beside a resting parameter", structure.another_parameter, True),
    Law("U10l", "a late parameter", structure.late_parameter),
    Law("S12", "float32 = float64", formats.precisions, True),
    Law("S12w", "float64 stays", formats.keeps_float64, True),
    Law("S12i", "foreach = loop", formats.implementations, True),
    Law("U8", "complex gradients", formats.complex_gradients, True),
    Law("U6", "bfloat16 moves", formats.bfloat16),
    Law("U7d", "decay acts", options.decay_acts, True),
    Law("U7", "every option acts", options.options_act, True),
    Law("U14", "maximize", options.maximizes, True),
    Law("U15", "loss scale", options.loss_scale, True),
    Law("U9", "accumulation", options.accumulates, True),
    Law("S9", "2n = n + n", structure.halves),
    Law("U3t", "transpose", structure.transposes),
    Law("S5", "unit of the gradient", scaling.scales),
    Law("S6", "permutations", scaling.permutes),
    Law("S6r", "rotations", scaling.rotates),
    Law("S7", "translations", scaling.translates),
    Law("S1", "η a step on a line", steps.constant_gradient),
    Law("S2", "length of the first step", steps.first_step),
    Law("S3", "Σ t^{-1/2}", steps.root_decay),
    Law("S10", "largest step", steps.largest_step),
    Law("S11", "belief about m_t", steps.belief),
    Law("S14", "orthogonal step", steps.orthogonal),
    Law("A1", "returns the average", steps.averages),
    Law("R6", "linear response", linear_response.linear),
    Law("N1", "looks ahead", linear_response.looks_ahead),
    Law("W1", "kind of decay", decay.kind),
    Law("C1", "Reddi's climb", counterexamples.reddi),
    Law("C4", "mean, not median", counterexamples.mean_or_median, stochastic=True),
    Law("C7", "leaves the corner", counterexamples.sign_corner),
    Law("C10", "Lessard's cycle", counterexamples.lessard),
    Law("C12", "sharpness cycle", counterexamples.sharpness),
    Law("C22", "mean of a row", counterexamples.centralized, True),
)
