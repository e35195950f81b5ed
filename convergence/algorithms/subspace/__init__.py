"""Methods that step within a subspace: GaLore, GoLore, RSO, FRUGAL and others.

frugal: FRUGAL (arXiv 2411.07837): state where it pays, state-free steps everywhere else.
gwt: GWT (arXiv 2501.07237): moments on the Haar approximation of the gradient only.
natural_galore: Natural GaLore (arXiv 2410.16029): the empirical Fisher matrix of recent
    projected gradients.
projected: GaLore, GoLore and their relatives: one loop, exchangeable projector and inner
    optimizer.
qgalore: Q-GaLore (arXiv 2407.08296): weights and projector in few bits, and the rounding alone.
rso: Randomized subspace optimization (arXiv 2502.07222): a sequence of small subproblems.
two_sided: GaLore with projections fixed on both sides, as its own theory analyzes it.
"""
