"""What is shown to others: a page made from the JSON of a run, and a certificate with its badge.

Everything here reads documents (docs/json.md) and runs nothing.
"""
