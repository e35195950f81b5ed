"""Methods whose agents send compressed messages.

beznosikov2020: Beznosikov, Horváth, Richtárik and Safaryan 2020 (arXiv 2002.12410): biased
    compression.
fatkhullin2023: Fatkhullin, Tyurin and Richtárik 2023 (arXiv 2305.15155): EF21 needs momentum
    under noise.
fatkhullin2023_false: What is said of EF21 and its rivals and is not so.
fatkhullin2023_instances: What the statements on EF21 under noise ask of atoms and starts.
gao2024econtrol: Gao, Islamov and Stich 2024 (arXiv 2311.05645): EControl, with explicit
    constants.
gao2024econtrol_laws: Compressed methods under Bernoulli messages: exact steady states, their
    limits, the largest η.
gao2024econtrol_recursion: Exact second moments of compressed methods under Bernoulli messages,
    for any number of workers.
gao2024econtrol_rivals: Gao, Islamov and Stich 2024 (arXiv 2311.05645): EControl against SGD and
    against its rivals.
richtarik2021: Richtárik, Sokolov and Fatkhullin 2021 (arXiv 2106.05203): EF21 with exact local
    gradients.
shared: What the statements on compressed methods share: γ and q = √(1 − δ), a = 1 − q ∈ [δ/2,
    1].
stich2018: Stich, Cordonnier and Jaggi 2018 (arXiv 1809.07599): contractive compressors, error
    feedback.
"""
