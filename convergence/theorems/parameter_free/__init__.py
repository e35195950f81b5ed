"""Methods without a step to tune: by distance, by betting, schedule-free.

pathwise: Methods without a step size to tune, by what holds on every run.
"""
