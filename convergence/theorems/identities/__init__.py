"""Statements that need no run: exact formulas, closed forms, counts.

dahl2023: Dahl et al. 2023 (arXiv 2306.07179): what AlgoPerf's score keeps, and what it does
    not.
"""
