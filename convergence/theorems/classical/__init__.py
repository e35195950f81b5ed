"""Textbook methods: gradient descent, SGD, momentum, acceleration.

abbaszadehpeivasti2022: Abbaszadehpeivasti, de Klerk and Zamani 2022: gradient descent on smooth
    nonconvex functions.
carmon2020: Lower bounds from Carmon's chain behind a coin, for every zero-respecting method.
drori2014: Drori and Teboulle 2014: the exact worst case of gradient descent on smooth convex
    functions.
ghadimi2013: Ghadimi and Lan 2013: SGD on smooth nonconvex functions under bounded variance.
ghadimi2015: Ghadimi, Feyzmahdavian and Johansson 2015: the heavy ball on smooth convex
    functions.
kingma2015: Kingma and Ba 2015 (Adam): what its bias correction is for, and its convergence
    theorem.
lessard2016: Lessard, Recht and Packard 2016: Polyak's heavy ball beyond quadratics.
nesterov1983: Nesterov 1983: accelerated gradient descent on smooth convex functions.
quadratic_laws: Exact laws of plain methods on (L/2)‖x‖²: every coefficient of the recursion has
    its effect.
"""
