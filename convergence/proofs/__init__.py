"""A run's program in ball arithmetic: what it computes, enclosed, so that a refutation is a proof.

`balls` holds arrays of balls, `elementwise`, `structure`, `linear` and `control` the enclosure of
each primitive, `interpreter` walks a traced program, `enclose` replays a run.
"""
