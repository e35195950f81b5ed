"""Live torch optimizers on the host: one a run, made once and stepped for as long as it runs.

Nothing of an optimizer is taken apart: attributes, inner optimizers, groups and whatever it changes
stay where it keeps them. A step that asks a closure runs in a thread of its own, which rests while
JAX answers the question.
"""

from __future__ import annotations

import queue
import threading
from typing import Any, NamedTuple

import numpy as np

from convergence.algorithms.names import public_name
from convergence.errors import InvalidInput, require


def import_torch() -> Any:
    """The module torch, or one sentence."""
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InvalidInput(
            "The torch adapter needs torch, which is not installed; pip install "
            "'convergence-lab[torch]', or a build without CUDA from "
            "https://download.pytorch.org/whl/cpu."
        ) from error
    return torch


class Recipe(NamedTuple):
    """How to make an optimizer of parameters that start at x.

    layout: (name, shape) of each parameter, in the order in which x is cut up. carried, dtype:
    of x and of the parameters. closure: whether its step is given one. judged: (optimizer,
    parameters) → tensors, or None for where `eval()` moves the parameters, if it has one. draws:
    whether its steps move torch's generator.
    """

    factory: Any
    options: tuple[tuple[str, Any], ...]
    layout: tuple[tuple[str, tuple[int, ...]], ...]
    carried: str
    dtype: str
    named: bool
    closure: bool | None
    judged: Any
    draws: bool = True

    @property
    def name(self) -> str:
        return public_name(self.factory)

    def build(self, x: np.ndarray, lr: float | None) -> tuple[list[Any], Any]:
        """The parameters at x and an optimizer of them."""
        torch = import_torch()
        sizes = [int(np.prod(shape)) for _, shape in self.layout]
        pieces = np.split(np.array(x, self.carried).ravel(), np.cumsum(sizes)[:-1])
        made = [
            torch.nn.Parameter(
                torch.from_numpy(v.reshape(shape)).to(getattr(torch, self.dtype), copy=True)
            )
            for v, (_, shape) in zip(pieces, self.layout, strict=True)
        ]
        given = [(name, p) for (name, _), p in zip(self.layout, made)] if self.named else made
        rate = {} if lr is None else {"lr": lr}
        try:
            optimizer = self.factory(list(given), **rate, **dict(self.options))
        except Exception as error:
            raise InvalidInput(
                f"{self.name} cannot be made from its parameters and {rate | dict(self.options)} "
                f"({told(error)}); give the options that it asks for, lr=None if it takes none."
            ) from error
        require(
            callable(getattr(optimizer, "step", None)),
            f"{self.name}, which makes {type(optimizer).__name__}",
            "something with a method step()",
            "give a class of optimizers, or a function of the parameters that returns one",
        )
        if callable(getattr(optimizer, "train", None)):
            optimizer.train()
        return made, optimizer

    def flat(self, tensors: Any) -> np.ndarray:
        """(d,) the numbers of some tensors, in the dtype of x."""
        torch = import_torch()
        kind = getattr(torch, self.carried)
        return np.concatenate([t.detach().to(kind).numpy().ravel() for t in tensors])

    def put_gradient(self, parameters: list[Any], gradient: np.ndarray) -> None:
        """.grad of each parameter, as `backward()` leaves it."""
        torch = import_torch()
        start, flat = 0, np.asarray(gradient).ravel()
        for p in parameters:
            piece = np.array(flat[start : start + p.numel()]).reshape(tuple(p.shape))
            p.grad, start = torch.from_numpy(piece).to(p.dtype, copy=True), start + p.numel()


def told(error: BaseException) -> str:
    """An error's own words on one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


class Reply(NamedTuple):
    """at: where the next gradient is asked. x: the point that is judged. done: the step is."""

    at: np.ndarray
    x: np.ndarray
    done: bool


class Live:
    """One optimizer at work. `clock` steps are done, and `calls` questions of the next one."""

    def __init__(self, recipe: Recipe, x: np.ndarray, lr: float | None):
        self.recipe = recipe
        self.parameters, self.optimizer = recipe.build(x, lr)
        self.clock = self.calls = 0
        self.last: tuple[int, int, bytes, Reply] | None = None
        self.asking: Asking | None = None
        self.noise: Any = None  # torch's generator while a step rests
        self.quiet: Any = None  # and as it was seeded

    def advance(self, t: int, call: int, value: float, gradient: np.ndarray, seed: int) -> Reply:
        """Go on with step t, given F and ∇F for the question `call`. Asked the same again, it
        answers the same: where runs end at different steps, JAX asks those that have ended on."""
        bits = np.asarray(gradient).tobytes()
        if (t, call) != (self.clock, self.calls):
            if self.last is not None and self.last[0] == t:
                _, before, same, reply = self.last
                if (call == before and bits == same) or (reply.done and call > before):
                    return reply
            raise InvalidInput(
                f"Got step {t} of {self.recipe.name} after its step {self.clock - 1}, but an "
                "optimizer that lives on the host only goes forward; begin a new run with init."
            )
        try:
            reply = self._go_on(value, gradient, seed)
        except Exception as error:
            if np.all(np.isfinite(gradient)):
                raise InvalidInput(
                    f"{self.recipe.name}.step() failed at step {t} ({told(error)}); choose an "
                    "optimizer and options that go through with dense gradients."
                ) from error
            lost = np.full(np.size(gradient), np.nan, self.recipe.carried)
            reply = Reply(lost, lost, True)  # a run that has left the finite numbers
        self.last = (t, call, bits, reply)
        self.clock, self.calls = (t + 1, 0) if reply.done else (t, call + 1)
        return reply

    def _go_on(self, value: float, gradient: np.ndarray, seed: int) -> Reply:
        torch = import_torch()
        if self.calls == 0:
            torch.default_generator.manual_seed(seed)
            self.quiet = torch.default_generator.get_state()
            self._backward(gradient)
            if not self.recipe.closure:
                self.optimizer.step()
                return self._reply(True)
            self.asking = Asking(self.optimizer)
        else:
            torch.default_generator.set_state(self.noise)
            self._backward(gradient)
            assert self.asking is not None
            kind = self.parameters[0].dtype
            self.asking.answers.put(torch.tensor(value, dtype=torch.float64).to(kind))
        done = self.asking.rest()
        self.noise = torch.default_generator.get_state()
        self.asking = None if done else self.asking
        return self._reply(done)

    def _backward(self, gradient: np.ndarray) -> None:
        """What users write before a step, and in a closure."""
        if callable(getattr(self.optimizer, "zero_grad", None)):
            self.optimizer.zero_grad()
        self.recipe.put_gradient(self.parameters, gradient)

    def _reply(self, done: bool) -> Reply:
        if done and not self.recipe.draws:
            now = import_torch().default_generator.get_state()
            require(
                bool((now == self.quiet).all()),
                "a random number drawn now, and none in its first steps",
                "draws from the first step on, or none",
                "write the method as an algorithm",
            )
        at = self.recipe.flat(self.parameters)
        return Reply(at, self.judged() if done else at, done)

    def judged(self) -> np.ndarray:
        """The point that the method returns: where `eval()` puts the parameters, if it has one.

        The way back by `train()` rounds, and so every bit of the parameters is put back by hand."""
        if self.recipe.judged is not None:
            return self.recipe.flat(self.recipe.judged(self.optimizer, self.parameters))
        if not callable(getattr(self.optimizer, "eval", None)):
            return self.recipe.flat(self.parameters)
        kept = [p.detach().clone() for p in self.parameters]
        self.optimizer.eval()
        found = self.recipe.flat(self.parameters)
        self.optimizer.train()
        for p, before in zip(self.parameters, kept):
            p.data.copy_(before)
        return found

    def end(self) -> None:
        """Let go of a step that still waits for an answer."""
        if self.asking is not None:
            self.asking.answers.put(None)


class Asking:
    """optimizer.step(closure) in a thread that rests at every question."""

    def __init__(self, optimizer: Any):
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._work, args=(optimizer,), daemon=True)
        self.thread.start()

    def _work(self, optimizer: Any) -> None:
        try:
            optimizer.step(self._closure)
            self.told.put(True)
        except BaseException as error:
            self.told.put(error)

    def _closure(self) -> Any:
        self.told.put(False)
        answer = self.answers.get()
        if answer is None:
            raise SystemExit
        return answer

    def rest(self) -> bool:
        """Wait for the next question, or the end of the step; its error is raised here."""
        said = self.told.get()
        if isinstance(said, BaseException):
            raise said
        return said
