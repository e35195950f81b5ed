"""The runner: an experiment, its seeds and its horizon become a record."""

# pyright: basic
# (of lazy names the stub beside this file tells)

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
