"""How much is run: each tier takes more seeds than the one before, and longer horizons."""

TIERS = ("quick", "standard", "full")
