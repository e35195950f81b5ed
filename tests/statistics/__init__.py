"""The judge on trial: its size and power are measured, its refusals and its arithmetic tested."""

import os

SEED = int(os.environ.get("CONVERGENCE_TEST_SEED", "0"))  # moves all draws of tests; any must pass
