"""Softmax attention: where its training leads, and approximations of it.

directions: Directions of attention's support vector machines: closed forms, the path, two
    norms.
tarzanagh2023: Tarzanagh, Li, Thrampoulidis and Oymak 2023 (arXiv 2308.16898): transformers as
    SVMs.
"""
