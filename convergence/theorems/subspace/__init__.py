"""Methods that step within a subspace: GaLore, GoLore, RSO, FRUGAL and others.

chen2025rso: Chen, Zhang, Liu, Yuan and Wen 2025 (arXiv 2502.07222): randomized subspace
    optimization.
chen2025rso_costs: Chen, Zhang, Liu, Yuan and Wen 2025 (arXiv 2502.07222): what RSO's
    subproblems cost, and why.
chen2025rso_identities: Chen, Zhang, Liu, Yuan and Wen 2025 (arXiv 2502.07222): RSO's
    subproblems without a run.
corner: What statements about the corner counterexample assume, each by what a proof needs it
    for.
das2024: Das 2024 (Natural GaLore, arXiv 2410.16029): its algebra, its efficiency, and its
    stall.
he2025: He, Li, Hu, Chen and Yuan 2025 (GoLore, arXiv 2410.11289): where subspace methods
    converge.
he2025_adapter: The non-convergence theorem applied to optax's own GaLore, unchanged, through
    the adapter.
he2025_stall: He, Li, Hu, Chen and Yuan 2025 (GoLore): where GaLore stops, exactly.
shared: What theorems on subspace methods share: ranks, frames, solvers of subproblems.
wen2025: Wen, Luo, Wang, Deng, Zou, Yuan, Sun and Li 2025 (GWT, arXiv 2501.07237): no theorem is
    known of
zhang2024qgalore: Zhang et al. 2024 (Q-GaLore, arXiv 2407.08296): no theorem is known of; these
    are derived.
zhao2024: Zhao, Zhang, Chen, Wang, Anandkumar and Tian 2024 (GaLore, arXiv 2403.03507):
    statements as
zmushko2025: Zmushko, Beznosikov, Takáč and Horváth 2025 (FRUGAL, arXiv 2411.07837): explicit
    bounds.
"""
