"""Methods that see values alone.

lozo: LOZO and LOZO-M: zeroth-order descent along random low-rank directions (arXiv 2410.07698).
zo_accelerated: Accelerated zeroth-order descent along Gaussian directions (Nesterov and
    Spokoiny, Section 6).
zo_sgd: Zeroth-order SGD with Gaussian directions: MeZO (two-sided) and RSGF (one-sided).
"""
