"""The property-test kit: plugin, assertions, strategies and the search for violations."""
