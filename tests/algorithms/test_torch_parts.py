"""What the torch adapter is made of, on objects small enough to say what is to be found."""

from __future__ import annotations

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from convergence.algorithms.names import public_name
from convergence.algorithms.torch_adapter import (
    FromTorch,
    as_words,
    from_bits,
    to_numbers,
    to_words,
    words_like,
)
from convergence.algorithms.torch_host import Asking, Live, Recipe, told
from convergence.algorithms.torch_rehearsal import (
    DEEP,
    STEPS,
    Bowl,
    _demanded,
    contents,
    differing,
    native,
    outside,
    rehearse,
)
from convergence.algorithms.torch_twin import Twin
from convergence.errors import InvalidInput
from tests.testing.torch_loops import Own, torch

LAYOUT = (("a", (2,)), ("b", (1, 1)), ("c", (1,)))


def recipe(factory: Any, **more: Any) -> Recipe:
    plain = {"options": (), "layout": LAYOUT, "carried": "float64", "dtype": "float64"}
    rest = {"named": False, "closure": False, "judged": None}
    return Recipe(factory, **(plain | rest | more))


class Held:
    """What an optimizer may hold."""

    def __init__(self, **things: Any):
        vars(self).update(things)


def bits(*numbers: float, dtype: str = "float64", shape: Any = None) -> Any:
    found = np.array(numbers, dtype)
    return dtype, found.shape if shape is None else shape, found.tobytes()


def test_all_that_can_be_reached() -> None:
    p, q = (torch.nn.Parameter(torch.tensor(v, dtype=torch.float64)) for v in ([1.0, 2.0], [3.0]))
    sparse = torch.tensor([0.0, 1.0]).to_sparse()
    inner = Held(hook_of=1, z=3j, call=len, module=np, again=[None])
    root = Held(
        state={p: {"buffer": torch.tensor([5.0])}, id(q): True, 4: -2, "params": 7},
        rows=[(1.5, "a"), np.arange(2.0), np.float32(2.5), p, sparse], inner=inner,
    )  # fmt: skip
    vars(inner)["back"] = root
    assert contents(root, [p, q]) == {
        "parameter 0": ("torch.float64", *bits(1.0, 2.0)[1:]),
        "parameter 1": ("torch.float64", *bits(3.0)[1:]),
        "state[parameter 0]['buffer']": ("torch.float32", *bits(5.0, dtype="float32")[1:]),
        "state[parameter 1]": "True", "state[4]": "-2",
        "rows[0][0]": "1.5", "rows[0][1]": "'a'", "rows[1]": bits(0.0, 1.0),
        "rows[2]": bits(2.5, dtype="float32", shape=()), "rows[4]": repr(sparse),
        "inner.z": "3j", "inner.again[0]": "None",
    }  # fmt: skip
    for depth, seen in ((DEEP - 1, 1), (DEEP, 0)):
        deep: Any = 1
        for _ in range(depth):
            deep = [deep]
        assert len(contents(Held(deep=deep), [])) == seen
    assert differing({"a": 1, "b": 2, "d": 5}, {"b": 3, "c": 4, "d": 5}) == ["a", "b", "c"]


def test_what_hangs_on_classes() -> None:
    class Base(torch.optim.SGD):
        count, flag, rate = 1, True, 0.5
        seen, table, tensor, text = [1], {"a": 2}, torch.tensor(3.0), "no number"

    class Kind(Base):
        count = 4

    kind = Kind([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    named = {"count": 1, "flag": True, "rate": 0.5, "seen": [1], "table": {"a": 2}}
    assert outside(kind) == {
        "the class attribute Kind.count": "4",
        "the class attribute Base.tensor": "tensor(3.)",
    } | {f"the class attribute Base.{k}": repr(v) for k, v in named.items()}


def test_which_steps_demand_a_closure() -> None:
    steps = (lambda closure: 0, lambda closure=None: 0, lambda *a, **k: 0, lambda: 0)
    found = [_demanded(inspect.signature(step).parameters) for step in steps]
    assert found == [True, False, False, False]
    assert told(RuntimeError(" worn \n  out ")) == "RuntimeError: worn out"
    assert told(ValueError()) == "ValueError"


def test_parameters_and_gradients_are_cut_alike() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0]) / 3
    for dtype in ("float64", "float32"):
        made = recipe(torch.optim.SGD, dtype=dtype)
        parameters, optimizer = made.build(x, 0.25)
        assert optimizer.param_groups[0]["lr"] == 0.25
        assert [tuple(p.shape) for p in parameters] == [(2,), (1, 1), (1,)]
        np.testing.assert_array_equal(made.flat(parameters), x.astype(dtype).astype(float))
        made.put_gradient(parameters, 10 * x)
        slopes = [p.grad for p in parameters]
        assert {str(g.dtype) for g in slopes} == {f"torch.{dtype}"}
        np.testing.assert_array_equal(made.flat(slopes), (10 * x).astype(dtype).astype(float))
    taken: list[Any] = []
    recipe(lambda ps: taken.extend(ps) or torch.optim.SGD([p for _, p in ps]), named=True).build(
        x, None
    )
    assert [name for name, _ in taken] == ["a", "b", "c"]


def test_the_loop_that_everybody_writes() -> None:
    """Twelve steps of SGD on the bowl, whose numbers are drawn from its seed."""
    bowl, rng = Bowl(4, "float64", 3), np.random.default_rng(3)
    h = rng.uniform(0.5, 2.0, 4)
    c, x = rng.standard_normal((2, 4))
    made = recipe(torch.optim.SGD)
    path, draws = native(made, *made.build(bowl.x0, 0.25), bowl)
    assert (len(path), STEPS, draws) == (12, 12, False)
    for found in path:
        value, slope = bowl.ask(x)
        assert value == pytest.approx(np.sum(h * (x - c) ** 2) / 2)
        np.testing.assert_array_equal(slope, h * (x - c))
        x = x - 0.25 * slope
        np.testing.assert_allclose(found, x, rtol=1e-14)
    assert Bowl(4, "float32", 3).h.dtype == Bowl(4, "float32", 3).x0.dtype == np.float32


class Late(Own):
    """Draws in its second step alone."""

    def move(self, group: Any, p: Any) -> None:
        self.moves = getattr(self, "moves", 0) + 1
        shift = float(torch.rand(())) if self.moves == 4 else 0.0  # of three parameters each
        p.sub_(p.grad, alpha=group["lr"] + 0.0 * shift)


LAST: list[Any] = []


class Echo(Own):
    """Adds the gradient that was seen before, and forgets it when one is made."""

    def __init__(self, params: Any, lr: float = 0.1):
        super().__init__(params, lr)
        LAST.clear()

    def move(self, group: Any, p: Any) -> None:
        p.sub_(p.grad + (LAST[-1] if LAST else 0.0), alpha=group["lr"])
        LAST[:] = [p.grad.clone()]


def test_a_rehearsal_sees_draws_and_what_two_runs_share() -> None:
    one = (("x", (3,)),)
    assert rehearse(recipe(Late, closure=None), 0.1).draws
    known = rehearse(recipe(torch.optim.SGD, closure=None), 0.1)
    assert (known.draws, known.closure) == (False, False)
    with pytest.raises(InvalidInput, match=r"something outside .* own loop at step 1;"):
        rehearse(recipe(Echo, layout=one, closure=None), 0.1)


def test_a_run_goes_on_from_where_it_is() -> None:
    made = recipe(torch.optim.SGD, layout=(("x", (2,)),))
    live, g = Live(made, np.array([1.0, 2.0]), 0.5), np.array([2.0, -1.0])
    for t, wanted in enumerate(([0.0, 2.5], [-1.0, 3.0])):
        for _ in range(2):  # asked the same again
            reply = live.advance(t, 0, 0.0, g, 7)
            assert (reply.at.tolist(), reply.x.tolist(), reply.done) == (wanted, wanted, True)
        assert (live.clock, live.calls) == (t + 1, 0)
    for t, call, slope in ((1, 0, 2 * g), (0, 0, g), (3, 0, g), (2, 1, g)):
        with pytest.raises(InvalidInput, match=f"Got step {t} of .* after its step 1,"):
            live.advance(t, call, 0.0, slope, 7)


def test_numbers_as_words() -> None:
    with jax.enable_x64(True):
        for dtype in ("float64", "float32"):
            for shape in ((), (3,), (2, 3)):
                x = jnp.asarray(np.arange(1.0, 1 + np.prod(shape)).reshape(shape) / 3, dtype)
                words = as_words(x)
                assert words_like(x).shape == words.shape
                np.testing.assert_array_equal(words, to_words(x).reshape(words.shape))
                np.testing.assert_array_equal(from_bits(words, x), x)
                again = to_numbers(to_words(x), dtype)
                np.testing.assert_array_equal(again.reshape(shape), x)


def test_twins() -> None:
    p, q = (torch.nn.Parameter(torch.zeros(n)) for n in (2, 3))
    twin = Twin(torch.optim.SGD([{"params": [p]}, {"params": [q], "lr": 0.5}], lr=0.1))
    found = twin.options()
    assert (found["lr"], found["group 1 lr"], "group 0 lr" in found) == (0.1, 0.5, False)
    assert twin.layout((5,), 5) == (("p0", (2,)), ("p1", (3,)))
    with pytest.raises(InvalidInput, match="5 entries in all"):
        twin.layout((6,), 6)
    single = Twin(torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.1))
    assert single.layout((2, 2), 4) == (("x", (2, 2)),)
    assert single.layout((2,), 2) == (("p0", (2,)),)


def test_names_of_others() -> None:
    def local() -> None: ...

    assert public_name(torch.optim.SGD) == "torch.optim.SGD"
    assert public_name(optax.adam) == "optax.adam"
    assert public_name(local) == "local"
    assert public_name(lambda: 0) == "lambda"
    assert public_name(Held(public="told")) == "told"
    assert FromTorch(torch.optim.SGD, lr=0.3).hyper() == {
        "algorithm": "torch.optim.SGD", "lr": 0.3,
    }  # fmt: skip


def test_a_step_that_rests_holds_up_no_exit() -> None:
    """Its thread waits for an answer, which may never come."""

    class Patient:
        def step(self, closure: Any) -> None:
            closure()

    asking = Asking(Patient())
    assert asking.told.get() is False
    asking.answers.put(None)
    asking.thread.join()
    assert asking.thread.daemon
