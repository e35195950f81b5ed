"""Statements that need no run: exact formulas, closed forms, counts.

aghajanyan2021: Aghajanyan et al. 2021 (arXiv 2012.13255): training in a random subspace of d
    dimensions.
albert2025: Albert et al. 2025 (arXiv 2502.00987): RandLoRA, and NOLA (arXiv 2310.02556):
    updates made of
choromanski2021: Choromanski et al. 2021 (arXiv 2009.14794): random features of the exponential
    kernel, and the
dahl2023: Dahl et al. 2023 (arXiv 2306.07179): what AlgoPerf's score keeps, and what it does
    not.
gu2021: Gu et al. 2021 (arXiv 2110.13985): state-space layers, as recurrence and as convolution.
horvath2024: Horváth et al. 2024 (arXiv 2308.14929): Maestro, a layer whose leading ranks are
    trained in one
li2022dp: Li et al. 2022 (arXiv 2110.05679): clipping per example without gradients per example,
    what it
liu2023noisyquant: Liu et al. 2023 (arXiv 2211.16056): NoisyQuant, a fixed noise added before
    rounding and taken off
meng2024: Meng, Wang and Zhang 2024 (arXiv 2404.02948): PiSSA, adapters that start at the
    leading singular
neelakantan2015: Neelakantan et al. 2015 (arXiv 1511.06807): gradient noise whose variance
    decays.
petersen2024: Petersen, Borgelt and Ermon 2024 (arXiv 2410.23970): TrAct, a step of the first
    layer chosen by
sehanobish2024: Sehanobish et al. 2024 (arXiv 2310.13225): kernels of neural layers by complex
    random features.
sun2024ffa: Sun et al. 2024 (arXiv 2403.12313): FFA-LoRA, averaging and private noise of
    factors.
yan2024: Yan, Romano and Weng 2024 (arXiv 2404.19651): robust conformal prediction with scores
    that are
"""
