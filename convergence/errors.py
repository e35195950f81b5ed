"""Bad input is one sentence: what was given, what was needed, what to do."""


class InvalidInput(ValueError):
    """Raised for input that cannot be used; the command line answers it with exit code 2."""


class Unknown(InvalidInput):
    """Raised when a theorem asks for a constant that nothing on the instance certifies."""

    def __init__(self, name: str, known: tuple[str, ...]):
        self.name = name
        listed = ", ".join(sorted(known)) or "none"
        super().__init__(
            f"The constant {name!r} was asked for, but the instance certifies only {listed}; "
            f"use a problem and a noise that vouch for {name!r}."
        )


def require(condition: object, given: str, needed: str, do: str) -> None:
    """Raise `InvalidInput` with the three parts of a useful sentence unless `condition` holds."""
    if not condition:
        raise InvalidInput(f"Got {given}, but {needed} is needed; {do}.")
