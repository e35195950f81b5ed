"""Methods under heavy-tailed noise: normalized, clipped, variance-reduced.

closed_forms: The heavy-tailed bounds in closed form: what they are at most, how they decay, and
    how tight.
cutkosky2020: Cutkosky and Mehta 2020, 2021: momentum with normalization, and implicit gradient
    transport.
fatkhullin2025: Fatkhullin, Hübler and Lan 2025: SGD without clipping does converge under heavy
    tails.
folklore: Statements about heavy tails that are said and are false, each as an honest theorem
    object.
hubler2025: Hübler, Fatkhullin and He 2025: normalized SGD with batches, with and without
    knowing p.
laws: Exact laws behind the counterexamples: clipped plateaus, spikes on a quadratic,
    certificates.
lemmas: The two lemmas behind every heavy-tailed bound, checked by exact enumeration of finite
    laws.
liu2023: Liu, Zhang and Zhou 2023: normalized STORM under heavy tails, with two schedules.
liu2025: Liu and Zhou 2025: normalized SGD with momentum when p is unknown.
shared: What the statements about heavy-tailed noise share: p-th moments, regimes, certificates.
sun2025: Sun, Liu and Yuan 2025: normalization alone, with momentum, and with clipping before
    it.
zhang2020: Zhang et al. 2020: clipped SGD under a p-th moment, and the lower bound for all
    methods.
"""
