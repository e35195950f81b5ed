"""The adapter is the optimizer's own loop, bit for bit, wherever the optimizer keeps its state."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from convergence.algorithms.torch_adapter import FromTorch, from_optimizer
from convergence.errors import InvalidInput
from convergence.metrics.base import AbstractMetric
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.runner.experiment import Experiment
from convergence.runner.run import run

torch = pytest.importorskip("torch", reason="torch is not installed: make test TORCH=1")
X0 = np.array([[1.0, -2.0, 0.3], [3.0, 0.5, -0.7]])
H = np.array([[1.0, 0.25, 2.0], [0.5, 1.5, 0.75]])  # H ∘ x is one rounding in JAX and in torch
T = 14


class Where(AbstractMetric):
    """x_T."""

    def init(self, problem: Any, state: Any) -> Any:
        return ()

    def update(self, t: Any, acc: Any, problem: Any, before: Any, after: Any) -> Any:
        return ()

    def read(self, T: Any, acc: Any, problem: Any, state: Any) -> Any:
        return state.x.ravel()


def adapted(method: FromTorch, dtype: str = "float64", steps: int = T) -> np.ndarray:
    """(2, 6) x_T of two runs, which are equal."""
    with precision(dtype):
        problem = EntryQuadratic(X0, H)
        oracle, key = Oracle(problem, Noiseless()), jax.random.key(0)
        record = run(Experiment(problem, oracle, method, Where()), steps, key, seeds=range(2),
                     chunk=2, hasty=True)  # fmt: skip
    return record.values[:, -1]


def native(
    make: Any, closure: bool = False, dtype: Any = torch.float64, shapes: Any = ((2, 3),)
) -> np.ndarray:
    """(6,) x_T of the loop that everybody writes."""
    sizes = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]
    cut = [np.split(v.ravel(), sizes) for v in (X0, H)]
    x, h = ([torch.tensor(v).reshape(s).to(dtype) for v, s in zip(w, shapes)] for w in cut)
    parameters = [torch.nn.Parameter(v) for v in x]
    optimizer = make(parameters)

    def ask() -> Any:
        optimizer.zero_grad()
        loss: Any = sum((0.5 * c * p**2).sum() for c, p in zip(h, parameters))
        loss.backward()
        return loss

    for _ in range(T):
        ask()
        optimizer.step(*((ask,) if closure else ()))
    if hasattr(optimizer, "eval"):
        optimizer.eval()
    return np.concatenate([p.detach().double().numpy().ravel() for p in parameters])


class Own(torch.optim.Optimizer):
    """What is common to the optimizers of this file: one option, lr."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, {"lr": lr})
        self.count = 0

    def all(self) -> Any:
        return [(group, p) for group in self.param_groups for p in group["params"]]

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure else None
        self.count += 1
        for group, p in self.all():
            self.move(group, p)
        return loss

    def move(self, group: Any, p: Any) -> None:
        p.add_(p.grad, alpha=-group["lr"])


class Attribute(Own):
    """A heavy ball whose velocities are an attribute."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, lr)
        self.velocity = [torch.zeros_like(p) for _, p in self.all()]

    def move(self, group: Any, p: Any) -> None:
        v = self.velocity[[q is p for _, q in self.all()].index(True)]
        p.sub_(v.mul_(0.9).add_(p.grad), alpha=group["lr"])


class Lasting(Own):
    """Steps that shrink: an attribute counts, and the group's lr is changed."""

    def move(self, group: Any, p: Any) -> None:
        group["lr"] *= 0.9
        p.sub_(p.grad / self.count**0.5, alpha=group["lr"])


class Ahead(torch.optim.Optimizer):
    """Lookahead: an inner optimizer, and slow weights every third step."""

    def __init__(self, inner: Any):
        super().__init__(inner.param_groups, {})
        self.inner, self.count = inner, 0
        self.slow = [p.detach().clone() for g in self.param_groups for p in g["params"]]

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        self.inner.step()
        self.count += 1
        for s, p in zip(self.slow, [p for g in self.param_groups for p in g["params"]]):
            if self.count % 3 == 0:
                p.copy_(s.lerp_(p, 0.5))


class Sharp(Own):
    """Sharpness-aware descent: a gradient at x + 0.1 g/‖g‖, asked by the closure."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        assert closure is not None, "requires closure"
        kept = [p.clone() for _, p in self.all()]
        for _, p in self.all():
            p.add_(p.grad / p.grad.norm(), alpha=0.1)
        with torch.enable_grad():
            closure()
        for (group, p), before in zip(self.all(), kept):
            p.copy_(before).add_(p.grad, alpha=-group["lr"])


class Polyak(Own):
    """The step f/‖∇f‖², from the closure's value."""

    @torch.no_grad()
    def step(self, closure: Any) -> Any:
        with torch.enable_grad():
            loss = closure()
        square = sum((p.grad**2).sum() for _, p in self.all())
        for _, p in self.all():
            p.sub_(p.grad * (0.5 * loss / square))


class Averaged(Own):
    """Schedule-free descent: gradients at y, z moves, and `eval` puts the average x in place."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, lr)
        self.mode = "eval"
        self.z = [p.detach().clone() for _, p in self.all()]

    def swap(self, mode: str, weight: float) -> None:
        if self.mode != mode:
            for (_, p), z in zip(self.all(), self.z):
                p.data.lerp_(z, weight)
        self.mode = mode

    def train(self) -> None:
        self.swap("train", 0.1)

    def eval(self) -> None:
        self.swap("eval", 1 - 1 / 0.9)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        assert self.mode == "train"
        self.count += 1
        for (group, p), z in zip(self.all(), self.z):
            rate = 0.9 * (1 - 1 / self.count) - 1
            p.lerp_(z, 1 / self.count).add_(p.grad, alpha=group["lr"] * rate)
            z.sub_(p.grad, alpha=group["lr"])


def two_groups(params: Any, lr: float = 0.1) -> Any:
    """A group with momentum and one of twice the rate without."""
    first, *rest = params
    groups = [{"params": [first], "momentum": 0.9}, {"params": rest, "lr": 2 * lr}]
    return torch.optim.SGD(groups, lr=lr)


CASES = {
    "attribute": (Attribute, False),
    "changing lr": (Lasting, False),
    "inner optimizer": (lambda ps, lr=0.1: Ahead(torch.optim.Adam(ps, lr=lr)), False),
    "sharpness": (Sharp, True),
    "schedule-free": (Averaged, False),
    "asgd": (torch.optim.ASGD, False),
    "rprop": (torch.optim.Rprop, False),
    "nadam": (torch.optim.NAdam, False),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_native_loop_bit_for_bit(name: str):
    make, closure = CASES[name]
    expected = native(lambda ps: _train(make(ps, lr=0.1)), closure)
    for row in adapted(FromTorch(make, lr=0.1)):
        np.testing.assert_array_equal(row, expected)
    assert not np.array_equal(expected, native(torch.optim.SGD))


def _train(optimizer: Any) -> Any:
    if hasattr(optimizer, "train"):
        optimizer.train()
    return optimizer


@pytest.mark.parametrize("name", ["attribute", "changing lr", "sharpness"])
def test_a_finished_optimizer_is_copied_with_all_that_it_holds(name: str):
    make, closure = CASES[name]
    finished = make([torch.nn.Parameter(torch.ones(2, 3, dtype=torch.float64))], lr=0.1)
    expected = native(lambda ps: make(ps, lr=0.1), closure)
    np.testing.assert_array_equal(adapted(from_optimizer(finished))[0], expected)
    assert finished.count == 0


def test_several_parameters_and_groups_of_them():
    shapes = {"weight": (2, 2), "bias": (2,)}
    expected = native(lambda ps: two_groups(ps), shapes=tuple(shapes.values()))
    method = FromTorch(two_groups, lr=0.1, parameters=shapes)
    np.testing.assert_array_equal(adapted(method)[0], expected)
    ps = [torch.nn.Parameter(torch.ones(s, dtype=torch.float64)) for s in shapes.values()]
    np.testing.assert_array_equal(adapted(from_optimizer(two_groups(ps)))[0], expected)
    with pytest.raises(InvalidInput, match=r"with 4 entries, but 6 entries, as the problem has"):
        adapted(FromTorch(torch.optim.SGD, parameters={"w": (2, 2)}))


def test_named_parameters():
    def decayed(named: Any, lr: float) -> Any:
        """Decay for weights alone."""
        return torch.optim.SGD(
            [{"params": [p], "weight_decay": 0.5 * (n == "weight")} for n, p in named], lr=lr
        )

    shapes = {"weight": (2, 2), "bias": (2,)}
    found = adapted(FromTorch(decayed, lr=0.1, parameters=shapes, named=True))[0]
    factor = 1 - 0.1 * (H.ravel() + np.array([0.5] * 4 + [0.0] * 2))
    np.testing.assert_allclose(found, X0.ravel() * factor**T, rtol=1e-13)  # T roundings


def test_a_closure_is_answered_with_value_and_gradient():
    # On ½‖x‖² the step f/(2‖∇f‖²) is 1/4; LBFGS is Newton's method after its first, short step.
    with precision("float64"):
        problem = EntryQuadratic(X0, np.ones_like(X0))
        oracle, key = Oracle(problem, Noiseless()), jax.random.key(0)
        for method, factor in (
            (FromTorch(Polyak), 0.75**3),
            (FromTorch(torch.optim.LBFGS, lr=1.0), 0.0),
        ):
            record = run(
                Experiment(problem, oracle, method, Where()), 3, key, seeds=range(2), chunk=2
            )
            np.testing.assert_allclose(record.values[0, -1], factor * X0.ravel(), atol=1e-14)


def test_the_judged_point_can_be_named():
    made: list[Any] = []

    def make(parameters: Any) -> Any:
        made.append(torch.optim.ASGD(parameters, lr=0.1, t0=0.0))
        return made[0]

    native(make)
    (state,) = made[0].state.values()
    method = FromTorch(
        torch.optim.ASGD, lr=0.1, t0=0.0, judged=lambda o, ps: [o.state[p]["ax"] for p in ps]
    )
    np.testing.assert_array_equal(adapted(method)[0], state["ax"].numpy().ravel())


def test_single_and_half_precision():
    small = native(torch.optim.Adam, dtype=torch.float32)
    single = adapted(FromTorch(torch.optim.Adam, lr=1e-3), "float32")
    np.testing.assert_array_equal(single[0], small)  # the rate is not rounded on its way
    half = native(torch.optim.Adam, dtype=torch.bfloat16)
    for dtype in ("float32", "float64"):
        found = adapted(FromTorch(torch.optim.Adam, lr=1e-3, dtype="bfloat16"), dtype)
        np.testing.assert_array_equal(found[0], half)
    # A step below half a unit in the last place is swallowed.
    still = adapted(FromTorch(torch.optim.SGD, lr=1e-4, dtype="bfloat16"), "float32", steps=1)
    assert np.sum(still[0] == torch.tensor(X0).bfloat16().double().numpy().ravel()) >= 5
    with pytest.raises(InvalidInput, match="parameters of float64 in a run of float32"):
        adapted(FromTorch(torch.optim.SGD, dtype="float64"), "float32")


def test_denormal_numbers_are_not_flushed():
    class Tiny(Own):
        """Leaves 2⁻¹⁰⁷⁰, which XLA's threads flush to zero."""

        def move(self, group: Any, p: Any) -> None:
            small = torch.full_like(p, 2.0**-1000) * 2.0**-70
            p.copy_((small != 0).to(p.dtype))

    np.testing.assert_array_equal(adapted(FromTorch(Tiny, lr=0.1))[0], np.ones(6))


class Shared(Own):
    """Counts its steps on the class."""

    steps = 0

    def move(self, group: Any, p: Any) -> None:
        type(self).steps += 1
        p.sub_(p.grad, alpha=group["lr"] / type(self).steps)


COUNTED: list[int] = []


class Global(Own):
    """Counts its steps in a global."""

    def move(self, group: Any, p: Any) -> None:
        COUNTED.append(1)
        p.sub_(p.grad, alpha=group["lr"] / len(COUNTED))


class Strange(Own):
    """Keeps something that differs from run to run."""

    def move(self, group: Any, p: Any) -> None:
        self.salt = np.random.default_rng().random()
        super().move(group, p)


class Late(Own):
    """Breaks after the rehearsal."""

    def move(self, group: Any, p: Any) -> None:
        if self.count > 13:
            raise RuntimeError("tired\nof it")
        super().move(group, p)


class Patched(Own):
    """Its step is replaced on the object."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, lr)
        self.step = self.step


def one(make: Any, size: int = 6) -> Any:
    return make([torch.nn.Parameter(torch.ones(size, dtype=torch.float64))])


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (lambda: FromTorch(Shared), "the class attribute Shared.steps is shared by all optimizers"),
        (lambda: FromTorch(Global), "something outside the optimizer differs .* at step 0"),
        (lambda: FromTorch(Strange), "side by side: salt differs from the optimizer's own loop"),
        (lambda: FromTorch(Late), r"Late.step\(\) failed at step 13 \(RuntimeError: tired of it\)"),
        (lambda: FromTorch(torch.optim.SparseAdam), "does not support dense gradients"),
        (
            lambda: FromTorch(torch.optim.SGD, lr=-1.0),
            r"cannot be made from .*'lr': -1.0.* \(Value",
        ),
        (lambda: FromTorch(torch.optim.SGD, speed=2), "unexpected keyword argument 'speed'"),
        (lambda: FromTorch(lambda ps, lr: None), "which makes NoneType"),
        (lambda: FromTorch(one(Own)), "Got Own, but a class of optimizers"),
        (lambda: FromTorch(torch.optim.Adam, betas=[0.9, 0.99]), "give a tuple"),
        (lambda: FromTorch(torch.optim.SGD, dtype="int8"), "dtype 'int8'"),
        (lambda: from_optimizer(one(lambda ps: Ahead(Own(ps)))), r"slow\[0\] equals a parameter"),
        (lambda: from_optimizer(one(Patched)), "whose step was replaced on the object"),
        (lambda: from_optimizer(one(torch.optim.Adagrad, 2)), "state of a parameter of 2 entries"),
    ],
)
def test_what_it_cannot_be_is_refused_in_one_sentence(method: Any, words: str):
    with pytest.raises(InvalidInput, match=words) as caught:
        adapted(method())
    assert "\n" not in str(caught.value)


def test_a_live_optimizer_only_goes_forward():
    with precision("float64"):
        problem = EntryQuadratic(X0, H)
        oracle, key = Oracle(problem, Noiseless()), jax.random.key(0)
        method = FromTorch(Attribute, lr=0.1)
        start = method.init(problem.start(), oracle, key)
        zero, one = np.int32(0), np.int32(1)
        first = method.step(jax.numpy.asarray(zero), start, oracle, key)
        again = method.step(jax.numpy.asarray(zero), start, oracle, key)
        np.testing.assert_array_equal(first.x, again.x)  # asked the same, it answers the same
        method.step(jax.numpy.asarray(one), first, oracle, key)
        with pytest.raises(jax.errors.JaxRuntimeError, match="only goes forward"):
            method.step(jax.numpy.asarray(zero), start, oracle, key)
