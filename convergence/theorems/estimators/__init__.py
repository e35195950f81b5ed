"""Methods with their own estimate of a gradient or a curvature.

chen2025celora: Chen, He, Hu, Yuan and Yuan 2025 (arXiv 2502.01378): CE-LoRA, gradients with a
    relative error.
chen2025celora_adapter: Chen et al. 2025 (arXiv 2502.01378): CE-LoRA on an adapter below the
    layer that it saves on.
liu2023wta: Liu et al. 2023 (arXiv 2305.15265): winner-take-all column-row sampling (WTA-CRS).
liu2023wta_sgd: Liu et al. 2023 (arXiv 2305.15265): SGD whose backward product is sampled by CRS
    or WTA-CRS.
liu2024sophia: Liu, Li, Hall, Liang and Ma 2024 (arXiv 2305.14342): Sophia's simplified setting.
liu2024sophia_linear: Sophia-G (arXiv 2305.14342) on a linear function: when its curvature is
    renewed.
liu2024sophia_rivals: Liu, Li, Hall, Liang and Ma 2024 (arXiv 2305.14342): baselines of Sophia's
    simplified setting.
yao2024ist: Yao et al. 2024 (arXiv 2410.11772): importance-aware sparse tuning, as block-sampled
    SGD.
"""
