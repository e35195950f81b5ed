"""Searches: for instances on which a statement fails, and for the worst of a family."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
