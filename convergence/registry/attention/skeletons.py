"""S3Attention: skeletons of sampled columns and rows, and a smoothing convolution."""

from __future__ import annotations

from convergence.claims.identity import Identity
from convergence.statistics import Verdict
from convergence.theorems.attention import wang2024s3 as s3

CLAIMS = (
    Identity("s3-exact-recovery", s3.ExactRecovery()),
    Identity("s3-noisy-recovery", s3.NoisyRecovery()),
    Identity("s3-coherent-miss", s3.CoherentMiss()),
    Identity("s3-smooth-convolution", s3.SmoothConvolution()),
    Identity(
        "s3-smooth-convolution-as-printed", s3.SmoothConvolutionPrinted(), expect=Verdict.REFUTED,
        note="Gaussian l, constant x, δ = 0.05: violated with probability 0.99999 at n = 64",
        instead="s3-smooth-convolution",
    ),
)  # fmt: skip
