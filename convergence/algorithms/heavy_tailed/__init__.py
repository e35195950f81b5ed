"""Methods under heavy-tailed noise: normalized, clipped, variance-reduced.

clipped_sgd: SGD with clipped gradients and no normalization.
nigt: Normalized SGD with implicit gradient transport: momentum that looks where it will be.
nsgd: Normalized SGD: with batches, with momentum, and with momentum put in the wrong place.
nsgd_clip: Clip, then average, then normalize.
storm: STORM: momentum with a correction that asks the same sample twice.
"""
