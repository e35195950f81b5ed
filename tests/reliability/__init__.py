"""Campaigns of kills, corruption, mutation and bad input: `python -m tests.reliability`."""
