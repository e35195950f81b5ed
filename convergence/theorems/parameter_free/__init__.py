"""Methods without a step to tune: by distance, by betting, schedule-free.

defazio2023: Defazio and Mishchenko 2023: D-Adaptation, whose estimate of the distance never
    exceeds it, and
pathwise: Methods without a step size to tune, by what holds on every run.
"""
