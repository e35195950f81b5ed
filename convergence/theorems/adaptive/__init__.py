"""Methods that scale their steps by past gradients, by signs or by norms.

adagrad_norm: AdaGrad with one norm: from any start on smooth functions, and its regret on
    convex ones.
cycles: Exact paths on (L/2)‖x‖²: methods whose steps do not shrink go round, others by known
    factors.
decay: Weight decay: what it does alone, where it ends, the box that it draws around sign
    methods.
feedback: Error feedback as the repair of sign descent, on each of its three counterexamples.
linear: Adaptive methods on a linear function: how far each goes, exactly.
losses: Reddi, Kale and Kumar 2018: on linear losses in turn Adam's average gap need not go to
    0.
matrices: Matrix methods on a linear function: Shampoo's exponent, Muon's approximate polar
    factor.
muon: Muon as optax and torch ship it: torch rounds its iteration to bfloat16, optax does not.
online: Reddi, Kale and Kumar 2018: on losses in turn Adam can climb, and AMSGrad does not.
shazeer2018: Shazeer and Stern 2018: Adafactor as optax and torch ship it, on a linear function.
sign: Sign descent: the two ways in which it fails, and what error feedback makes of one of
    them.
skewed: Mean or median: where sign descent and Adam go under noise of two values, one of them
    rare.
smooth: Adaptive and sign-like methods on smooth functions without noise: sums of gradients,
    pathwise.
steps: How long a step of Adam can be.
taniguchi2024: ADOPT (Taniguchi et al. 2024): the gradient is normalized by what came before it.
"""
