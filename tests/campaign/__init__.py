"""Every single-token mutant of the code that runs, and who kills it: `python -m tests.mutants`."""
