"""What is chosen by name, for whoever must not load JAX to know the names.

Each tier takes more seeds than the one before, and longer horizons; the first generator of random
bits is the default.
"""

TIERS = ("quick", "standard", "full")
GENERATORS = ("philox", "threefry")
