"""Metrics: a run as a number, in memory that is flat in T."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
