"""Textbook methods: gradient descent, SGD, momentum, acceleration.

abbaszadehpeivasti2022: Abbaszadehpeivasti, de Klerk and Zamani 2022: gradient descent on smooth
    nonconvex functions.
carmon2020: Lower bounds from Carmon's chain behind a coin, for every zero-respecting method.
coordinates: Coordinate descent on smooth, strongly convex functions: greedy, at random, in
    turn.
defazio2014: Sums of n functions, one of which is drawn a step: SVRG, SAGA, and SGD under
    interpolation.
deklerk2020: De Klerk, Glineur and Taylor 2020: gradient descent along gradients that err.
drori2014: Drori and Teboulle 2014: the exact worst case of gradient descent on smooth convex
    functions.
finite_sums: Averages of iterates under noise that stays, and Polyak's step along one function
    of a sum that
ghadimi2013: Ghadimi and Lan 2013: SGD on smooth nonconvex functions under bounded variance.
ghadimi2015: Ghadimi, Feyzmahdavian and Johansson 2015: the heavy ball on smooth convex
    functions.
gower2019: Gower et al. 2019: SGD along one of n functions whose gradients at the minimizer are
    not 0.
kim2024: Gradient descent with any step below 2/L on smooth convex functions: its exact worst
    cases.
kingma2015: Kingma and Ba 2015 (Adam): what its bias correction is for, and its convergence
    theorem.
last_iterates: Averages and last iterates under noise, with constants: subgradients, decay,
    momentum.
lessard2016: Lessard, Recht and Packard 2016: Polyak's heavy ball beyond quadratics.
momentum_class: Constant momentum over a whole class of functions: heavy ball and Nesterov's, as
    they ship.
momentum_quadratics: Nesterov's momentum with a constant β on quadratics, at the points that
    torch and optax keep.
nesterov1983: Nesterov 1983: accelerated gradient descent on smooth convex functions.
optimized: Steps that are best in the worst case: OGM, OGM-G, silver steps.
quadratic_laws: Exact laws of plain methods on (L/2)‖x‖²: every coefficient of the recursion has
    its effect.
scikit_saga: SAGA as scikit-learn ships it: its step, and a table that is empty at first.
simple_sets: Methods on boxes and simplices: FISTA, conditional gradients, mirror descent.
stochastic_laws: Noise that stays: stationary variances, stable steps and averages, exactly on
    (L/2)‖x‖².
subgradient: Subgradient methods on Lipschitz convex functions: every bound is attained by a
    corner.
taylor2018: Taylor, Hendrickx and Glineur 2018: exact worst cases of (proximal) gradient
    descent.
vaswani2019: Vaswani et al. 2019: SGD with a line search on each function, where all have one
    minimizer.
"""
