"""Methods for min–max problems: descent–ascent, extragradient, optimism, AdaWAC.

daskalakis2018: The optimistic method (Daskalakis et al. 2018; Popov 1980) on bilinear games,
    exactly.
dong2023: AdaWAC (Dong, Xie and Ward 2023): the duality gap with constants, exact instances, its
    weights.
dong2023_false: AdaWAC told too well: a gap without n, weights that always settle, a last
    iterate that comes.
dong2023_regret: One weight of AdaWAC against any gains: the regret of exponential weights.
korpelevich1976: Descent–ascent and the extragradient method (Korpelevich 1976) on games,
    exactly and with
"""
