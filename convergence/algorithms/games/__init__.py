"""Methods for min–max problems: descent–ascent, extragradient, optimism, AdaWAC.

adawac: AdaWAC (Dong, Xie and Ward 2023): a parameter against weights that favor the larger
    loss.
saddle: Methods for min_x max_y ℒ(x, y): z = (x, y) is one vector, F(z) = (∇_x ℒ, −∇_y ℒ).
"""
