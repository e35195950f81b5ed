"""Methods that see values alone.

chen2025lozo: Chen, Zhang, Cao, Yuan and Wen 2025 (arXiv 2410.07698): LOZO, bounds with explicit
    constants.
chen2025lozo_estimates: Exact statements on LOZO's estimator: several layers, and differences of
    a finite width.
chen2025lozo_laws: Exact second moments of LOZO and LOZO-M on (L/2)‖X‖² (arXiv 2410.07698):
    equalities.
ghadimi2013zo: Ghadimi and Lan 2013 (arXiv 1309.5549), Section 3: zeroth-order SGD on smooth
    functions.
nesterov2017: Nesterov and Spokoiny 2017: random gradient-free minimization of smooth convex
    functions.
"""
