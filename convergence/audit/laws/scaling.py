"""Laws of units and axes: how the path changes with the gradient's unit, the axes, the origin."""

from __future__ import annotations

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import draws, quadratic, sequence
from convergence.audit.laws.law import Found, same
from convergence.audit.laws.rest import undecayed
from convergence.audit.subject import Path, Subject

T = 8
UNIT = 1024.0  # a power of two: scaling by it rounds nothing


def undamped(s: Subject) -> Subject:
    """Without decay, with ε and initial accumulators as small as the optimizer takes them."""
    s = s.quiet()
    started = ("initial_accumulator_value", "initial_scale")
    for name, value in (("eps", 1e-30), *((name, 0.0) for name in started)):
        if isinstance(s.get(name), float):
            s = s.set(**{name: value})
    root = s.get("eps_root")
    return s.set(eps_root=1e-16) if isinstance(root, float) and root > 1e-16 else s


def power(s: Subject) -> tuple[float, float]:
    """p in Δ(cg) = c^p Δ(g), from the last steps of two paths along given gradients, and by how
    much their directions differ."""
    s, gs = undamped(s), draws([(4,), (4, 3)], T, seed=21)
    x0 = draws([(4,), (4, 3)], 1, seed=22)[0]
    one = s.path(sequence(lambda t: gs[t]), x0, T).flat()
    many = s.path(sequence(lambda t: [UNIT * g for g in gs[t]]), x0, T).flat()
    a, b = one[-1] - one[-2], many[-1] - many[-2]
    na, nb = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if not (na > 0 and nb > 0 and np.isfinite(na + nb)):
        raise NotAsked("it does not move along given gradients, or not finitely")
    return float(np.log(nb / na) / np.log(UNIT)), float(np.abs(a / na - b / nb).max())


def scales(s: Subject) -> Found:
    """S5. Gradients in another unit: Δ(cg) = c^p Δ(g), p = 0 for Adam-like, 1 for linear methods.

    Proof. m/√v does not change when g becomes cg, as ε → 0; a linear method takes c times the step.
    """
    expected = s.family.power
    if expected is None:
        raise NotAsked("its family has no power of its own")
    p, turned = power(undecayed(s))
    # Three digits: ε that cannot be set to 0, and bfloat16 inside orthogonalized methods.
    close = 1e-3 if s.family.grain < 1e-3 else 2e-2
    if abs(p - expected) < close and turned < 10 * close:
        return Found(True, f"power {p:.4g}", p)
    if abs(p - expected) < close:
        return Found(False, f"g × 1024 changes the direction by {turned:.2g}", turned)
    return Found(False, f"power {p:.4g}, expected {expected:g}", p)


def permutes(s: Subject) -> Found:
    """S6. A permutation of the coordinates of a vector permutes the path."""
    gs = [g[0] for g in draws([(6,)], 12, seed=23)]
    x0, order = draws([(6,)], 1, seed=24)[0][0], np.array([3, 5, 0, 4, 2, 1])
    one = s.path(sequence(lambda t: [gs[t]]), [x0], 12)
    two = s.path(sequence(lambda t: [gs[t][order]]), [x0[order]], 12)
    back = [[v[0][np.argsort(order)]] for v in two.x]
    return same(one, Path(back, back), s, "a permutation of the coordinates")


def rotates(s: Subject) -> Found:
    """S6r. A rotation of a vector and its gradients rotates the path: linear methods, and those
    that know the gradient by its norm alone."""
    gs = [g[0] for g in draws([(6,)], 12, seed=25)]
    x0 = draws([(6,)], 1, seed=26)[0][0]
    q, _ = np.linalg.qr(np.random.default_rng(27).standard_normal((6, 6)))
    one = s.path(sequence(lambda t: [gs[t]]), [x0], 12)
    two = s.path(sequence(lambda t: [q @ gs[t]]), [q @ x0], 12)
    back = [[q.T @ v[0]] for v in two.x]
    return same(one, Path(back, back), s, "a rotation")


def translates(s: Subject) -> Found:
    """S7. f(· − c) from x_0 + c takes the path of f from x_0, moved by c, without decay."""
    c, h = np.array([4.0, -8.0, 16.0, 2.0]), np.array([1.0, 0.5, 2.0, 0.25])
    x0, s = np.array([1.0, -2.0, 0.5, 4.0]), undecayed(s)
    one = s.path(quadratic([h]), [x0], 12)
    two = s.path(quadratic([h], [c]), [x0 + c], 12)
    back = [[v[0] - c] for v in two.x]
    return same(one, Path(back, back), s, "moved by c")
