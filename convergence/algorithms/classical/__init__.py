"""Textbook methods: gradient descent, SGD, momentum, acceleration.

accelerated: Gradient descent with inertia: Nesterov's acceleration, and heavy balls.
constrained: First-order methods on a box or a simplex: projection, conditional gradients,
    mirror descent.
coordinates: Coordinate descent: one entry a step, the steepest, one at random, or one after the
    other.
line_search: SGD whose step is found on each function by backtracking.
optimized: Gradient descent with the steps that are best in the worst case: OGM, OGM-G and
    silver steps.
polyak: Polyak's two devices for SGD: averages of iterates, and the step that knows the least
    value.
reshuffling: Steps along one function of a finite sum at a time: drawn anew, or in an order
    drawn each
sgd: Stochastic gradient descent, plain and with an exponential moving average of gradients.
variance_reduced: Steps along one function of a sum whose noise dies out at the minimizer: SVRG
    and SAGA.
"""
