"""Figures of claims and of papers, in one style: `plot_run` draws runs, `simulate` makes them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
