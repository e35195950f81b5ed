"""Enclosures of primitives that act entry by entry.

A root, logarithm or power of a ball that reaches below 0 encloses the values at the ball's numbers
where there is one: at the others a run has NaN, which keeps no bound.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, fmpq

from convergence.proofs.balls import (
    Undecided,
    ball,
    box,
    decided,
    each,
    exact,
    hull,
    is_ball,
    kind,
    less,
    no_more,
    opposite,
    same,
    settled,
    tidy,
    truths,
)

ZERO, ONE, NAN, INF = arb(0), arb(1), arb("nan"), arb("inf")


def between(low: Any, high: Any) -> arb:
    """The least ball with both ends."""
    return ball(low).union(ball(high))


def lifted(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of balls, of rationals too."""
    return lambda *args: f(*map(ball, args))


def exact_or(f: Callable[..., Any]) -> Callable[..., Any]:
    """An operation that rationals stay rational under, while they are short."""
    return lambda *args: tidy(f(*args))


def monotone(f: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """A non-decreasing f, by its values at the ends."""
    return lambda x: f(x) if x.is_exact() else between(f(x.lower()), f(x.upper()))


def root(x: Any) -> Any:
    """√x, rational of a rational square."""
    if type(x) is fmpq:
        if x < 0:
            return NAN
        p, q = math.isqrt(int(x.p)), math.isqrt(int(x.q))
        if p * p == x.p and q * q == x.q:
            return fmpq(p, q)
        x = arb(x)
    if x.lower() >= 0:
        return x.sqrt()
    return NAN if not x.upper() >= 0 else between(ZERO, x.upper().sqrt())


def log(x: arb) -> arb:
    if x > 0:
        return x.log()
    return -INF if x == 0 else NAN


def log1p(x: arb) -> arb:
    if x > -1:
        return x.log1p()
    return -INF if x == -1 else NAN


def divide(a: Any, b: Any) -> Any:
    return arb(a) / arb(b) if type(b) is fmpq and b == 0 else tidy(a / b)


def whole(n: int) -> Callable[[Any], Any]:
    """x ↦ xⁿ for an integer n; an even power is that of |x|."""

    def power(x: Any) -> Any:
        base = magnitude(x) if n % 2 == 0 else x
        value: Any = ONE if type(x) is arb else fmpq(1)
        for digit in bin(abs(n))[2:]:
            value = value * value * base if digit == "1" else value * value
        return tidy(value) if n >= 0 else divide(ONE, tidy(value))

    return power


def power(x: Any, y: Any) -> Any:
    y = ball(y)
    if y.is_exact() and y.is_integer() and abs(float(y)) < 2**31:
        return whole(int(float(y)))(x)
    x = ball(x)
    if x > 0:
        return x**y
    if x < 0 or not y > 0 or not x.is_finite():
        return NAN
    top = x.upper()
    return between(ZERO, (top**y).max(ONE if top > 1 else ZERO)) if top > 0 else ZERO


def sign(x: Any) -> arb:
    if x > 0:
        return ONE
    if x < 0:
        return -ONE
    if x == 0:
        return ZERO
    low, high = ball(x).lower(), ball(x).upper()
    return between(-ONE if not low >= 0 else ZERO, ONE if not high <= 0 else ZERO)


def toward_zero(x: arb) -> arb:
    if x >= 0:
        return monotone(arb.floor)(x)
    return monotone(arb.ceil)(x) if x <= 0 else between(x.lower().ceil(), x.upper().floor())


def even(x: arb) -> arb:
    """To the nearest integer, ties to the even one, as IEEE rounds."""
    low = x.floor()
    rest, half = x - low, arb(0.5)
    if rest < half or (rest == half and (low / 2).is_integer()):
        return low
    return low + 1 if rest >= half else between(low, low + 1)


def away(x: arb) -> arb:
    """To the nearest integer, ties away from 0."""
    return sign(x) * (abs(x) + arb(0.5)).floor()


def remainder(x: Any, y: Any) -> Any:
    return x - y * lifted(toward_zero)(divide(x, y))


def largest(x: Any, y: Any) -> Any:
    if type(x) is type(y) is fmpq:
        return max(x, y)
    return ball(x).max(ball(y))


def smallest(x: Any, y: Any) -> Any:
    if type(x) is type(y) is fmpq:
        return min(x, y)
    return ball(x).min(ball(y))


def magnitude(x: Any) -> Any:
    return x if x >= 0 else abs(x)


def itself(x: Any) -> Any:
    return x


UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg, "abs": magnitude, "sign": sign, "sqrt": root, "square": whole(2),
    "rsqrt": lambda x: divide(ONE, root(x)),
    **dict.fromkeys(("copy", "stop_gradient", "reduce_precision"), itself),
    **{name: lifted(f) for name, f in {
        "exp": arb.exp, "log": log, "log1p": log1p, "expm1": arb.expm1, "sin": arb.sin,
        "cos": arb.cos, "tan": arb.tan, "sinh": arb.sinh, "cosh": arb.cosh, "tanh": arb.tanh,
        "asinh": arb.asinh, "acosh": arb.acosh, "atanh": arb.atanh, "asin": arb.asin,
        "acos": arb.acos, "atan": arb.atan, "erf": arb.erf, "erfc": arb.erfc,
        "erf_inv": arb.erfinv, "lgamma": arb.lgamma, "digamma": arb.digamma,
        "cbrt": lambda x: sign(x) * abs(x).root(3), "logistic": lambda x: ONE / (ONE + (-x).exp()),
        "exp2": lambda x: arb(2) ** x, "floor": monotone(arb.floor), "ceil": monotone(arb.ceil),
    }.items()},
}  # fmt: skip
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": exact_or(operator.add), "add_any": exact_or(operator.add),
    "sub": exact_or(operator.sub), "mul": exact_or(operator.mul), "div": divide, "max": largest,
    "min": smallest, "pow": power, "rem": remainder, "atan2": lifted(arb.atan2),
}  # fmt: skip
COMPARE: dict[str, Callable[[Any, Any], bool | None]] = {
    "lt": less, "le": no_more, "gt": lambda a, b: less(b, a), "ge": lambda a, b: no_more(b, a),
    "eq": same, "ne": lambda a, b: opposite(same(a, b)),
    "lt_to": less, "le_to": no_more,
}  # fmt: skip


def both(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else (None if a is None or b is None else True)


def either(a: bool | None, b: bool | None) -> bool | None:
    return True if a is True or b is True else (None if a is None or b is None else False)


def differ(a: bool | None, b: bool | None) -> bool | None:
    return None if a is None or b is None else a != b


LOGIC: dict[str, Callable[..., Any]] = {
    "and": both, "or": either, "xor": differ, "eq": lambda a, b: opposite(differ(a, b)),
    "ne": differ, "not": opposite,
}  # fmt: skip


def compute(eqn: Any, *args: Any) -> np.ndarray:
    """An arithmetic primitive of one or two arrays of balls."""
    name = eqn.primitive.name
    if name in UNARY:
        return each(UNARY[name], *args)
    first, second = eqn.invars[:2]
    if name == "mul" and first is second:
        return each(whole(2), args[0])
    return each(BINARY[name], *(a if is_ball(a) else exact(a) for a in args))


def compare(eqn: Any, *args: Any) -> np.ndarray:
    """A comparison of balls, or of truth values."""
    if kind(eqn.invars[0].aval) == "f" and len(args) == 2 and eqn.invars[0] is eqn.invars[1]:
        answer = eqn.primitive.name in ("eq", "le", "ge", "le_to")  # x ≠ x asks for NaN alone
        return settled(each(lambda v: None if ball(v).is_nan() else answer, args[0]))
    table = COMPARE if kind(eqn.invars[0].aval) == "f" else LOGIC
    return settled(each(table[eqn.primitive.name], *map(truths, args)))


def integer_pow(eqn: Any, x: np.ndarray) -> np.ndarray:
    return each(whole(eqn.params["y"]), x)


def rounded(eqn: Any, x: np.ndarray) -> np.ndarray:
    method = str(eqn.params["rounding_method"])
    return each(lifted(monotone(even if "EVEN" in method else away)), x)


def clamp(eqn: Any, low: Any, x: Any, high: Any) -> np.ndarray:
    return each(lambda a, v, b: smallest(largest(v, a), b), low, x, high)


def is_finite(eqn: Any, x: np.ndarray) -> np.ndarray:
    """A finite ball holds numbers only; of an infinite or undefined one nothing is known."""

    def known(v: arb) -> bool | None:
        return True if v.is_finite() else (False if abs(v) == INF else None)

    return settled(each(lifted(known), x))


def chosen(which: Any, *cases: Any) -> Any:
    if which is None:
        value = cases[0]
        for case in cases[1:]:
            value = hull(value, case)
        return value
    return cases[int(which)]


def select_n(eqn: Any, which: Any, *cases: Any) -> Any:
    """The hull of all cases where the choice is not decided."""
    made = kind(eqn.outvars[0].aval)
    if made not in "fb":
        which = decided(which, "the choice among integers")
        return np.asarray(eqn.primitive.bind(which, *cases, **eqn.params))
    found = each(chosen, truths(which), *map(truths, cases))
    return found if made == "f" else settled(found)


def convert(eqn: Any, x: Any) -> Any:
    """Between reals: nothing, rounding is not part of the method. To integers: decided or not."""
    old, new = kind(eqn.invars[0].aval), kind(eqn.outvars[0].aval)
    if new == "f":
        if old == "f":
            return x
        if is_ball(x):
            return each(lambda v: between(ZERO, ONE) if v is None else (ONE if v else ZERO), x)
        return exact(x)
    if old == "b":
        return np.asarray(decided(x, "a condition")).astype(eqn.outvars[0].aval.dtype)
    if new == "b":
        return settled(each(lambda v: opposite(same(v, ZERO)), x))
    whole_parts = []
    for v in each(lifted(toward_zero), x).ravel().tolist():
        number = v.unique_fmpz()
        if number is None:
            raise Undecided("an integer part is not decided")
        whole_parts.append(int(number))
    return box(whole_parts, x.shape).astype(eqn.outvars[0].aval.dtype)
