"""Methods that scale their steps by past gradients, by signs or by norms.

matrices: Methods that normalize matrices: Shampoo, and steepest descent in the operator norm.
"""
