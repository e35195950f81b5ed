"""The judge on trial: its size and power are measured, its refusals and its arithmetic tested."""
