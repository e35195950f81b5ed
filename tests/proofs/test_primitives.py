"""Every primitive encloses: its balls hold what more precise ones hold, at every point inside."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb

from convergence.precision import precision
from convergence.proofs import elementwise, interpreter, structure
from convergence.proofs.balls import Undecided, Unsupported, ball, bits, box, is_ball
from convergence.proofs.interpreter import CONTROL, RULES, Interpreter
from tests.proofs.cases import CASES, Case

COARSE, FINE = 40, 300  # bits


def traced(case: Case) -> Any:
    shapes = [jax.ShapeDtypeStruct(shape, jnp.float64) for shape in case.shapes]
    return jax.make_jaxpr(lambda *args: jax.tree.leaves(case.program(*args)))(*shapes)


def balls(points: list[np.ndarray], radius: float) -> list[np.ndarray]:
    return [box([arb(v, radius) for v in p.ravel().tolist()], p.shape) for p in points]


def enclosed(jaxpr: Any, points: list[np.ndarray], digits: int, radius: float = 0.0,
             rational: int = 0) -> list[Any]:  # fmt: skip
    with bits(digits, rational):
        args = balls(points, radius)
        if rational:
            args = [interpreter.exact(p) for p in points]
        return Interpreter().closed(jaxpr, args)


def holds(outer: Any, inner: Any) -> bool:
    """Whether every ball of `outer` holds that of `inner`; NaN holds everything."""
    if not is_ball(outer):
        return np.array_equal(np.asarray(outer), np.asarray(inner))
    inner = np.asarray(inner, object) if not is_ball(inner) else inner
    pairs = zip(outer.ravel().tolist(), inner.ravel().tolist())
    return outer.shape == inner.shape and all(
        o is None or (isinstance(o, bool) and o is i) or held(ball(o), i)
        for o, i in pairs
        if not isinstance(o, bool) or o is not i
    )


def held(outer: arb, inner: Any) -> bool:
    return outer.is_nan() or outer.contains(ball(inner))


def near(found: Any, native: Any, rtol: float) -> bool:
    """Whether JAX's float64 value agrees: another formula would not."""
    if not is_ball(found):
        return np.array_equal(np.asarray(found), np.asarray(native))
    mids = np.array([float(ball(v).mid()) for v in found.ravel().tolist()]).reshape(found.shape)
    return bool(np.allclose(mids, np.asarray(native, float), rtol=rtol, atol=1e-2 * rtol))


def points(case: Case, rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.uniform(case.low, case.high, shape) for shape in case.shapes]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_balls_hold_the_truth(case: Case, test_seed: int) -> None:
    rng = np.random.default_rng(test_seed)
    with precision("float64"):
        jaxpr = traced(case)
        at = points(case, rng)
        native = jax.tree.leaves(case.program(*map(jnp.asarray, at)))
        fine = enclosed(jaxpr, at, FINE)
        for digits, rational in ((COARSE, 0), (FINE, 4000)):
            for found, true in zip(enclosed(jaxpr, at, digits, 0.0, rational), fine, strict=True):
                assert holds(found, true)
        assert all(near(f, n, case.rtol) for f, n in zip(fine, native, strict=True))
        if not case.wide:
            return
        radius = 0.1  # so wide that signs, orders and branches are not decided
        outer = enclosed(jaxpr, at, COARSE, radius)
        for _ in range(4):
            inside = [p + rng.uniform(-radius, radius, p.shape) for p in at]
            for wide, true in zip(outer, enclosed(jaxpr, inside, FINE), strict=True):
                assert holds(wide, true)


def test_a_radius_that_is_dropped_is_noticed(monkeypatch: Any) -> None:
    case = next(c for c in CASES if c.name == "exp")
    at = [np.array([0.1, 1.0, -1.5, 0.3, 0.7])]
    with precision("float64"):
        jaxpr = traced(case)
        fine = enclosed(jaxpr, at, FINE)
        assert all(map(holds, enclosed(jaxpr, at, COARSE), fine))
        for name in ("exp", "mul", "div", "sqrt"):
            table = elementwise.UNARY if name in elementwise.UNARY else elementwise.BINARY
            rule = table[name]
            monkeypatch.setitem(table, name, lambda *a, rule=rule: ball(rule(*a)).mid())
        assert not all(map(holds, enclosed(jaxpr, at, COARSE), fine))


def test_every_rule_has_a_case() -> None:
    seen: set[str] = set()

    def look(jaxpr: Any) -> None:
        for eqn in jaxpr.eqns:
            seen.add(eqn.primitive.name)
            for inner in interpreter.jaxprs(eqn):
                look(inner)

    with precision("float64"):
        for case in CASES:
            look(traced(case).jaxpr)
    known = {*RULES, *CONTROL, *structure.PLAIN, *structure.MOVES}
    if jax.__version_info__ < (0, 12):
        known -= {"call_hi_primitive", "unstack"}  # `searchsorted` from there on, and rows
    assert sorted(known - seen) == []


def test_what_balls_cannot_decide_is_said() -> None:
    with precision("float64"):
        loop = jax.make_jaxpr(lambda x: jax.lax.while_loop(lambda v: v > 1, lambda v: v - 1, x))(
            1.0
        )
        wide = [box([arb(1, 0.1)], ())]
        with bits(64), pytest.raises(Undecided, match="whether a loop goes on"):
            Interpreter().closed(loop, wide)
        fourier = jax.make_jaxpr(lambda x: jnp.abs(jnp.fft.fft(x)))(np.ones(4))
        with bits(64), pytest.raises(Unsupported):
            Interpreter().closed(fourier, balls([np.ones(4)], 0.0))


def test_a_draw_is_taken_as_it_is_drawn() -> None:
    with precision("float64"):
        key, walker = jax.random.key(3), Interpreter()
        jaxpr = jax.make_jaxpr(
            lambda k: (jax.random.normal(k, (3,)), jax.random.permutation(k, 4))
        )(key)
        with bits(200):
            normal, order = walker.closed(jaxpr, [walker.value(key, jaxpr.in_avals[0])])
        drawn = jax.random.normal(key, (3,))
        assert all(b.is_exact() for b in normal)
        assert [float(b) for b in normal] == drawn.tolist()
        assert np.array_equal(order, jax.random.permutation(key, 4))


def test_rationals_settle_ties_that_no_precision_does() -> None:
    with precision("float64"):
        tie = jax.make_jaxpr(lambda x: jnp.argmax(jnp.array([x / 3, x / 3, 0.0])))(1.0)
        one = np.array(1.0)
        with bits(1000), pytest.raises(Undecided):
            Interpreter().closed(tie, balls([one], 0.0))
        with bits(100, 1000):
            assert Interpreter().closed(tie, [interpreter.exact(one)]) == [0]
