"""What the outside world calls a class or function of another package."""

from __future__ import annotations

import sys
from typing import Any


def public_name(thing: Any) -> str:
    """The shortest path under which its package offers it: `torch.optim.SGD`, `optax.adam`.

    A local function has its own name alone. What stands for something else says so in `public`.
    """
    if not isinstance(thing, type) and isinstance(getattr(thing, "public", None), str):
        return thing.public
    name = getattr(thing, "__qualname__", None) or type(thing).__qualname__
    parts = (getattr(thing, "__module__", None) or "").split(".")
    for count in range(1, len(parts) + 1):
        module = ".".join(parts[:count])
        if getattr(sys.modules.get(module), name, None) is thing:
            return name if module == "__main__" else f"{module}.{name}"
    return name.rsplit("<locals>.", 1)[-1].strip("<>")
