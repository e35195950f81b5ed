"""Methods of agents on a graph, on one level and on two.

bilevel: Centralized bilevel methods: SOBA, stocBiO and TTSA.
dimat: DIMAT (Saadati et al. 2024): agents permute their neighbors' units before they average.
single_level: Decentralized methods on a stack X ∈ Rⁿˣᵈ: G is the stack of stochastic gradients
    at X.
sparkle: Decentralized bilevel methods in one loop: SPARKLE and D-SOBA.
"""
