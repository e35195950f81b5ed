"""What a look makes of certificates of a form that it does not expect: a sentence, no traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from convergence.constants import Constants
from convergence.errors import STUMBLES, InvalidInput, Unknown
from convergence.laws.faults import Fault
from convergence.laws.origin import ours
from convergence.vocabulary import VOCABULARY


def fitting(
    part: object, c: Constants, shape: tuple[int, ...], faults: Callable[[Constants], list[Fault]]
) -> list[Fault]:
    """The `faults` of what a problem or a noise certifies for iterates of a shape. Where a look
    stumbles over a class of the package, that is a bug and raises; over another's, the certificate
    without which it does not is at fault."""

    def stumbles(c: Constants) -> Exception | None:
        try:
            faults(c)
        except STUMBLES as error:
            return error if isinstance(error, Unknown) or type(error) is not InvalidInput else None
        return None

    try:
        return faults(c)
    except STUMBLES as error:
        if ours(part) or type(error) is InvalidInput:
            raise
        why = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        for name, rest in _less(c):
            if stumbles(rest) is None:
                what = f"its shape or kind does not fit an iterate of shape {shape} ({why})"
                if isinstance(error, Unknown):
                    what = f"it says nothing without {error.name}, which is not"
                return [Fault(name, c[name], None, what)]
        raise InvalidInput(
            f"Got {type(part).__name__}, over which a look stumbles ({why}), but methods and "
            f"certificates that fit an iterate of shape {shape} are needed; mend them."
        ) from error


def _less(c: Constants) -> Iterator[tuple[str, Constants]]:
    """A name and the constants without it, arrays first; then with ever fewer of them."""
    names = sorted(c, key=lambda name: name not in VOCABULARY or VOCABULARY[name].kind != "array")
    for name in names:
        yield name, Constants(**{other: c[other] for other in c if other != name})
    for k, name in enumerate(names):
        yield name, Constants(**{other: c[other] for other in names[k + 1 :]})
