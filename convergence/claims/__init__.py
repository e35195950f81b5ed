"""Claims: a statement joined with an instance, verified and reported."""
