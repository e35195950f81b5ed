"""Methods that scale their steps by past gradients, by signs or by norms.

matrices: Methods that normalize matrices: Shampoo, and steepest descent in the operator norm.
norms: AdaGrad with one number for all entries.
sign_feedback: Signs of gradients, as they are and with the error of each step kept for the
    next.
"""
