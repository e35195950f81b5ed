"""The type checker of the test-suite: an int will do where a float is asked for (PEP 484)."""

import importlib
import random

from beartype import BeartypeConf, beartype

# beartype looks at one entry of a sequence, which it draws from the module `random`; hypothesis
# forbids that in strategies. Its checks get a generator of their own.
codemain = importlib.import_module("beartype._check.code.codemain")
vars(codemain)["getrandbits"] = random.Random(0).getrandbits

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
