"""Ratios of speeds, measured in one run: `make bench`; never a timed test."""

import importlib

from convergence.cli.environment import prepare

importlib.import_module("numpy")  # what we are compared with keeps its threads
prepare()  # on two devices and two cores XLA's pools can otherwise wait for each other
