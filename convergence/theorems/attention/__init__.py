"""Softmax attention: where its training leads, and approximations of it.

directions: Directions of attention's support vector machines: closed forms, the path, two
    norms.
tarzanagh2023: Tarzanagh, Li, Thrampoulidis and Oymak 2023 (arXiv 2308.16898): transformers as
    SVMs.
wang2024s3: Wang et al. 2024 (arXiv 2408.08567): S3Attention, skeletons of sampled columns and
    rows, and a
"""
