"""Softmax attention: where its training leads, and approximations of it.

normalized_gd: Normalized gradient descent on a gradient in log space, however small the
    gradient is.
"""
