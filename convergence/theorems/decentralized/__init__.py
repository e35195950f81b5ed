"""Methods of agents on a graph, on one level and on two.

alghunaim2022: Alghunaim and Yuan 2022: exact diffusion, EXTRA and gradient tracking in one
    form, exactly.
alghunaim2022_sparse: Alghunaim and Yuan 2022 on sparse networks: the slow root, and the
    transient, in closed form.
alghunaim2022_thresholds: Which steps keep a decentralized method stable, by the mode polynomial
    of `alghunaim2022`.
cao2024: Cao, Wu, Yuan and Sayed 2024: flatness against optimization in distributed learning.
cao2024_instances: What the statements on flatness ask of noise and wells.
cao2024_opposites: Flatness at its borders: where two strategies are one, and what is not so.
cao2024_risk: Cao, Wu, Yuan and Sayed 2024: flatness against optimization in distributed
    learning.
dagreou2022: SOBA (Dagréou, Ablin, Vaiter and Moreau 2022) on bilevel quadratics, and its
    recalled rate.
hong2020: TTSA (Hong, Wai, Wang and Yang 2020): two time scales with decreasing steps, as
    recalled.
ji2021: stocBiO (Ji, Yang and Liang 2021): what a truncated Neumann series leaves, exactly.
koloskova2020: DSGD (Koloskova et al. 2020): its bias under heterogeneity, exactly, and its rate
    as recalled.
koloskova2020_false: DSGD on nonconvex functions, told too well: no network, no transient, one
    sample for all.
koloskova2020_nonconvex: DSGD on nonconvex functions with every constant: its bound, its linear
    speed-up and the transient
saadati2024: DIMAT (Saadati et al. 2024): what merging by matched units keeps, and what it
    decreases.
saadati2024_identities: Merging as a matrix: what consistent matching can and cannot change.
zhu2024: SPARKLE (Zhu et al. 2024) and D-SOBA (Kong et al. 2024) on bilevel quadratics, exactly.
zhu2024_base: What the statements on SPARKLE (Zhu et al. 2024) share.
zhu2024_choices: SPARKLE (Zhu et al. 2024): simulated against exact moments, and one choice
    against another.
zhu2024_leading: The bias of SPARKLE without corrections, and what of it leads as steps vanish.
zhu2024_modes: What the modes of a network forget and what they hear, for SPARKLE at small upper
    steps.
zhu2024_rates: SPARKLE (Zhu et al. 2024): its rate, its linear speed-up, and its table of
    transients.
zhu2024_table: SPARKLE (Zhu et al. 2024): its table of transient iteration complexities, as
    recalled.
"""
