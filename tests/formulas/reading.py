"""A formula as statements write it, read and evaluated: "2Δ/(γT) + Lγσ²".

Factors stand side by side; `/` divides by the next factor alone; √, exponents and |…| as printed.
What stands between ‖…‖, and a letter with its subscript, is one name, looked up where it is met.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵗᵀᵏⁿ", "0123456789-+tTkn")
LOWER = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
PARTS = {"½": "(1/2)", "¼": "(1/4)", "¾": "(3/4)", "⅓": "(1/3)"}
WORDS = "max|min|ln|log|exp|sinh|cosh"
TOKEN = re.compile(
    rf"\s*(?:(?P<number>\d+e-\d+|\d*\.\d+|\d+(?:\.\d+)?)|(?P<best>(?:max|min)_(?:\{{[^}}]*\}}|[a-zθ]))(?=[\s{{\[(])"
    rf"|(?P<word>{WORDS})(?![a-z])"
    r"|(?P<path>c?\.[A-Za-z]\w*(?:\.[a-z]\w*)*(?:\[\d\])?)"
    r"|(?P<name>‖[^‖]*‖(?:_(?:\{[^}]*\}|\S))?|[ΣΠ]_(?:\{[^}]*\}|\S)"
    r"|[^\W\d_][\u0303\u0304\u0302′]?(?:_(?:\{[^}]*\}|max|min|all|least|[^\W_]))?′?)"
    r"|(?P<sign>[-+*/^()\[\]{},|⌈⌉⌊⌋√]))"
)
# What a formula ends before.
AFTER = r"\s{2,}| (?:for|on|under|with|if|by|in|at|of|whatever|wherever) | \((?:false|as) "
CLOSE = {"(": ")", "[": "]", "{": "}", "|": "|", "⌈": "⌉", "⌊": "⌋"}
Lookup = Callable[[str], Any]


class Unread(Exception):
    """Not a formula, or a name that nobody knows."""


def plain(text: str) -> str:
    """Exponents as ^{…}, subscripts as _…, one minus sign."""
    for sign, words in PARTS.items():
        text = text.replace(sign, words)
    text = text.replace("−", "-").replace("·", "*").replace("ϱ", "ρ")
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵗᵀᵏⁿ]+", lambda m: "^{" + m[0].translate(POWERS) + "}", text)
    return re.sub("([₀-₉]+)", lambda m: "_" + m[0].translate(LOWER), text)


def tokens(text: str) -> list[str]:
    """The text in tokens."""
    found, at, text = [], 0, plain(text).rstrip()
    while at < len(text):
        hit = TOKEN.match(text, at)
        if not hit:
            raise Unread(f"{text[at:]!r} in {text!r}")
        found.append(hit[0].strip())
        at = hit.end()
    return found


class Reader:
    """Evaluates one formula while it reads."""

    def __init__(self, text: str, lookup: Lookup):
        self.tokens, self.at, self.lookup = tokens(text), 0, lookup
        self.open: list[str] = []
        self.bound: dict[str, float] = {}

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.next
        if wanted and token != wanted:
            raise Unread(f"{token!r} where {wanted!r} is needed in {' '.join(self.tokens)}")
        self.at += 1
        return token

    def value(self) -> float:
        """The whole formula."""
        found = self.sum()
        if self.next:
            raise Unread(f"{self.next!r} is left of {' '.join(self.tokens)}")
        return found

    def sum(self) -> float:
        total = -self.product() if self.next == "-" and self.take() else self.product()
        while self.next in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            total += sign * self.product()
        return total

    def product(self) -> float:
        if not self.starts():
            raise Unread(f"{self.next!r} in {' '.join(self.tokens)}")
        total = self.factor()
        while self.next in ("*", "/") or self.starts():
            if self.next == "/":
                self.take()
                total /= self.factor()
                continue
            if self.next == "*":
                self.take()
            total *= self.factor()
        return total

    def starts(self) -> bool:
        """Whether a factor begins here."""
        token = self.next
        if token == "|":
            return self.open[-1:] != ["|"]
        return bool(token) and token not in ("+", "-", "*", "/", "^", ",", ")", "]", "}", "⌉", "⌋")

    def factor(self) -> float:
        if self.next.startswith(("Σ_", "Π_")):
            return self.total()
        found = self.primary()
        if self.next == "^":
            self.take()
            found = _power(found, self.exponent())
        return found

    def exponent(self) -> float:
        if self.next in ("{", "("):
            return self.primary()
        sign = -1 if self.next == "-" and self.take() else 1
        return sign * self.primary()

    def primary(self) -> float:
        token = self.take()
        if token in CLOSE:
            self.open.append(token)
            inner = self.sum()
            self.open.pop()
            self.take(CLOSE[token])
            rounded = {"|": abs, "⌈": math.ceil, "⌊": math.floor}
            return float(rounded.get(token, float)(inner))
        if token.startswith(("max_", "min_")):
            return self.best(token)
        if token == "√":
            return math.sqrt(self.factor() if self.next in CLOSE else self.primary())
        if token in ("max", "min"):
            return self.among(max if token == "max" else min)
        if token in ("ln", "log", "exp", "sinh", "cosh"):
            return float(getattr(math, "log" if token == "ln" else token)(self.primary()))
        if re.fullmatch(r"[\d.]+(e-\d+)?", token):
            return float(token)
        if token in self.bound:
            return self.bound[token]
        if token in ("Σ", "Π") or (not token[0].isalpha() and token[0] not in "‖."):
            raise Unread(f"{token!r} in {' '.join(self.tokens)}")
        found = np.ravel(self.lookup(token))
        index = self.bound.get(token[-1]) if token[-2:-1] == "_" else None
        return float(found[0] if index is None else found[int(index)])

    def among(self, which: Callable[[list[float]], float]) -> float:
        start = self.take()
        if start not in ("(", "{"):
            raise Unread(f"max and min need a list: {' '.join(self.tokens)}")
        self.open.append(start)
        found = [self.sum()]
        while self.next == ",":
            self.take()
            found.append(self.sum())
        self.open.pop()
        self.take(CLOSE[start])
        return which(found)

    def best(self, token: str) -> float:
        """The extreme, over positive letters, of the product that follows; of positive values."""
        from scipy import optimize

        names = token[4:].strip("{}").split(",")
        begin, sign = self.at, 1.0 if token.startswith("min") else -1.0

        def at(logs: Any) -> float:
            self.at = begin
            self.bound.update(zip(names, np.exp(np.clip(logs, -600, 600)).tolist(), strict=True))
            try:
                found = self.product()
            except (ZeroDivisionError, OverflowError):
                return math.inf
            return sign * found if found > 0 else math.inf

        starts = [at(np.full(len(names), x)) for x in np.linspace(-9, 9, 73)]
        first = np.full(len(names), np.linspace(-9, 9, 73)[int(np.argmin(starts))])
        hit = optimize.minimize(
            at, first, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 0}
        )
        at(hit.x)
        for name in names:
            del self.bound[name]
        return sign * float(hit.fun)

    def total(self) -> float:
        """Σ or Π over k < T (from 0), k ≤ T (from 1) or all entries i, of the product after it."""
        token = self.take()
        hit = re.fullmatch(r"[ΣΠ]_(?:\{(\w)(<|≤)(\w)\}|(\w))", token)
        if not hit:
            raise Unread(f"{token}: a sum over what?")
        name, begin, found = hit[1] or hit[4], self.at, []
        if hit[4]:
            arrays = [t for t in self.tokens[begin:] if t.endswith(f"_{name}") and "Σ" not in t]
            places = range(np.size(self.lookup(arrays[0]))) if arrays else range(0)
        else:
            start = int(hit[2] == "≤")
            last = self.bound[hit[3]] if hit[3] in self.bound else self.lookup(hit[3])
            places = range(start, int(last) + start)
        for k in places:
            self.at, self.bound[name] = begin, float(k)
            found.append(self.product())
        if not found:
            raise Unread(f"{token}: nothing to sum")
        del self.bound[name]
        return math.fsum(found) if token[0] == "Σ" else math.prod(found)


def _power(base: float, exponent: float) -> float:
    try:
        return float(base**exponent)
    except TypeError as error:
        raise Unread("a root of a negative number") from error


def evaluated(text: str, lookup: Lookup) -> float:
    """The value of a formula."""
    return Reader(text, lookup).value()


def top_level(text: str, wanted: str) -> list[int]:
    """Where one of these signs stands outside all brackets and norms."""
    found, depth, norm = [], 0, False
    for at, sign in enumerate(text):
        if sign == "‖":
            norm = not norm
        depth += (sign in "([{⌈⌊") - (sign in ")]}⌉⌋")
        if sign in wanted and depth == 0 and not norm:
            found.append(at)
    return found


def stated(statement: str) -> tuple[str, Mapping[str, str]]:
    """The right-hand side of a statement, and what it says its letters are."""
    signs = top_level(statement, "≤≥=")
    if not signs:
        raise Unread(f"no relation in {statement!r}")
    text = statement[signs[0] + 1 :]
    ends = [*top_level(text, ","), len(text)]
    pieces = [text[i + 1 : j] for i, j in zip([-1, *ends], ends, strict=False)]
    defined = {}
    for piece in pieces[1:]:
        name, sign, formula = piece.partition("=")
        if sign and len(tokens_or_none(name)) == 1:
            defined[plain(name).strip()] = formula
    rhs = re.split(AFTER, pieces[0].strip())[0]
    order = re.fullmatch(r"[OΘ]\((.*)\)", rhs)
    return (order[1] if order else rhs), defined


def tokens_or_none(text: str) -> list[str]:
    """The tokens, none where it is not a formula."""
    try:
        return tokens(text)
    except Unread:
        return []
