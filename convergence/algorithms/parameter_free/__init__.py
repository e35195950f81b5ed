"""Methods without a step to tune: by distance, by betting, schedule-free.

coin: Betting on a coin with the estimator of Krichevsky and Trofimov: no step size at all.
dadaptation: D-Adaptation: dual averaging whose step grows with a lower bound of the distance.
"""
