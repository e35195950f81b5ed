"""Ratios of speeds, measured in one run: `make bench`; never a timed test."""

from convergence.cli.environment import prepare

prepare()  # on two devices and two cores XLA's pools can otherwise wait for each other
