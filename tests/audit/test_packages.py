"""Packages beside a stand-in, and Keras's optimizers, told by small modules in their manner."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import pytest

from convergence.audit import audit, standins


class Variable:
    def __init__(self, value: Any, dtype: str = "float32"):
        self.value = jnp.asarray(value, dtype)


class Optimizer:
    """Keras's interface to pure steps; the state is a clock."""

    factor = 1.0

    def __init__(self, learning_rate: float = 0.01, name: str | None = None, **more: Any):
        self.learning_rate, self.variables = learning_rate, []

    def build(self, variables: Any) -> None:
        assert all(isinstance(v, Variable) for v in variables)
        self.variables = [Variable(0, "int32")]

    def stateless_apply(self, state: Any, grads: Any, params: Any) -> Any:
        moved = [(p - self.factor * self.learning_rate * g).astype(p.dtype)
                 for p, g in zip(params, grads, strict=True)]  # fmt: skip
        return moved, [state[0] + 1]


class SGD(Optimizer):
    """x − ηg."""


class TwiceAsFar(SGD):
    factor = 2.0


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> Any:
    made: Any = ModuleType("keras")
    inner: Any = ModuleType("keras.optimizers")
    made.Variable, made.optimizers, inner.Optimizer = Variable, inner, Optimizer
    monkeypatch.setitem(sys.modules, "keras", made)


def test_keras_is_run_by_its_pure_steps(keras: Any):
    laws = ["P", "S13", "U17", "U26"]
    row = audit(SGD, like="sgd", laws=laws)
    assert [str(row[law].outcome) for law in laws] == ["keeps", "keeps", "keeps", "not asked"]
    assert [cell.law for cell in audit(TwiceAsFar, like="sgd", laws=laws).broken] == ["P"]


def test_what_no_optimizer_needs_is_stood_in_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(standins, "BESIDE", {})
    monkeypatch.setattr(standins, "NEEDLESS", ("needless_pictures",))
    (tmp_path / "with_pictures.py").write_text(
        "from needless_pictures.transforms import Crop\nimport needless_pictures.ops as ops\n"
        "class Mine(Crop):\n    mode = ops.Mode.BILINEAR\n"
    )
    found = standins.imported("with_pictures")
    assert found.Mine.mode is not None
    assert standins.BESIDE == {"with_pictures": "needless_pictures"}
    (tmp_path / "with_other.py").write_text("import no_such_module_at_all\n")
    with pytest.raises(ModuleNotFoundError):
        standins.imported("with_other")
    for name in [n for n in sys.modules if n.startswith("needless_pictures")]:
        del sys.modules[name]


def test_the_two_conventions_of_amsgrad_are_told_apart():
    import optax

    row = audit(optax.amsgrad, like="amsgrad-corrected", laws=["P", "S22"])
    assert str(row["P"].outcome) == "keeps"
    assert (str(row["S22"].outcome), row["S22"].detail) == (
        "breaks", "the largest is of corrected v",
    )  # fmt: skip
    assert str(audit(optax.amsgrad, like="amsgrad", laws=["P"])["P"].outcome) == "breaks"
