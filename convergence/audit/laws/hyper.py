"""Laws of hyper-parameters in use: schedules, groups with options of their own, clips and masks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from convergence.audit.cells import NotAsked
from convergence.audit.functions import Function, draws, linear, sequence
from convergence.audit.laws.decay import label
from convergence.audit.laws.law import ROUNDINGS, Found, same
from convergence.audit.laws.manners import style
from convergence.audit.laws.rest import START, still
from convergence.audit.laws.structure import T, decayed
from convergence.audit.subject import Path, Subject
from convergence.audit.torch_run import TorchRun, runner


def schedule(s: Subject) -> Found:
    """U2s. The t-th step is made with the t-th value of the rate: with rates 0, η, 0, 0, … only the
    second step moves, and with η, 0, 0, … the first; a rate that is always η is η; with decay too.

    Proof. x_{t+1} = x_t − η_t u_t. For optax η_t is the schedule at count t = 0, 1, …
    """
    if not s.has("rate"):
        raise NotAsked("it has no learning rate")
    found = scheduled(s.quiet())
    if not found.holds or s.option("decay") is None or label(s) == "without the rate":
        return found
    with_decay = scheduled(decayed(s))
    return (
        found
        if with_decay.holds
        else dataclasses.replace(with_decay, detail=f"with weight decay: {with_decay.detail}")
    )


def scheduled(s: Subject) -> Found:
    """Whether a step is made with its own value of the rate."""
    gs = draws([v.shape for v in START], 1)[0]
    f, lr = linear(*gs), s.lr
    if s.kind == "optax":
        import jax.numpy as jnp

        try:
            once, first = (
                s.set(rate=lambda count, n=n: jnp.where(count == n, lr, 0.0)).path(f, START, 4)
                for n in (1, 0)
            )
            steady = s.set(rate=lambda count: jnp.asarray(lr)).path(f, START, 4)
        except Exception as error:
            raise NotAsked("it takes no schedule") from error
        found = same(s.path(f, START, 4), steady, s, "a rate and a schedule that is constant")
        if not found.holds:
            return found
    else:
        once, first = rated(s, f, 1), rated(s, f, 0)
    for path, at, rates in ((once, 2, "0, η, 0, 0"), (first, 1, "η, 0, 0, 0")):
        away = np.abs(np.diff(path.flat(), axis=0)).max(axis=1)
        if not np.isfinite(away).all():
            return Found(False, "a rate of 0 leads to NaN or infinity")
        moved = [t + 1 for t in range(4) if away[t] > still(s)]
        if moved not in ([at], []) and s.family.name != "delayed":
            told = ", ".join(map(str, moved))
            return Found(False, f"with rates {rates} it moves at step {told}", float(away.max()),
                         moved[0])  # fmt: skip
    return Found(True)


def rated(s: Subject, f: Function, at: int) -> Path:
    """Four steps at rate 0 but for one."""
    run, lr = s.start(START), s.lr
    xs = [run.x]
    for t in range(4):
        run.rate(lr if t == at else 0.0)
        run.step(t, f)
        xs.append(run.x)
    return Path(xs, xs)


def proportional(s: Subject) -> Found:
    """U30. Twice the rate is twice the first step.

    Proof. x_1 = x_0 − ηu with u from the gradient alone. A rate that enters twice makes it four
    times, one that is overwritten once.
    """
    if not s.has("rate"):
        raise NotAsked("it has no learning rate")
    s, gs = s.quiet(), draws([v.shape for v in START], 1)[0]
    lr = s.lr / 4
    one, two = (s.set(rate=k * lr).path(linear(*gs), START, 2) for k in (1.0, 2.0))
    a, b = (p.flat()[2 if s.family.name == "delayed" else 1] - p.flat()[0] for p in (one, two))
    if not np.abs(a).max() > 0:
        raise NotAsked("its first step is 0")
    off = float(np.abs(b - 2 * a).max() / np.abs(2 * a).max())
    grain = max(s.family.grain, 2.0**-53 * np.abs(one.flat()[0]).max() / np.abs(a).max())
    if off <= ROUNDINGS * grain + (1e-4 if s.wide == "float32" else 0.0):
        return Found(True, "", off)
    ratio = float(np.abs(b).max() / np.abs(a).max())
    return Found(False, f"twice the rate makes the first step {ratio:.4g} times as long", ratio, 1)


class WithOptions(TorchRun):
    """A group has options of its own."""

    own: dict[str, Any] = {}
    place = 1

    def grouped(self) -> Any:
        return [{**group, **(self.own if i == self.place else {})}
                for i, group in enumerate(super().grouped())]  # fmt: skip


def changes(s: Subject) -> Iterator[tuple[str, Any]]:
    """Options of groups, with another value each."""
    for name, value in s.accepts.items():
        now = s.options.get(name, value)
        if name in ("weight_decay", "momentum", "eps", "alpha", "rho") and isinstance(now, float):
            yield name, 0.1 if now != 0.1 else 0.2
        if name == "betas" and isinstance(now, tuple | list):
            yield name, tuple(b / 2 for b in now)


def own_options(s: Subject) -> Found:
    """S9o. A group with a decay, momentum, ε or βs of its own takes the path that it takes alone
    with them, and in the middle of a run they can be changed."""
    kind, gs, x0 = style(s), draws([(3,)], T, seed=34), np.arange(1.0, 4.0)
    run: Any = s.start([x0])
    if not getattr(run.optimizer, "param_groups", None):
        raise NotAsked("it has no groups")
    known = run.optimizer.param_groups[0].keys()
    asked, rest = [], np.zeros(3)
    for name, value in changes(s):
        if s.family.name == "wrapper" and name not in known:
            continue  # an option of what is around the groups
        try:
            alone = s.set(**{name: value}).path(sequence(lambda t: gs[t]), [x0], T)
        except Exception:
            continue  # it refuses this value
        for place, which in ((1, "second"), (0, "first")):
            own = type("Own", (WithOptions,), {"own": {name: value}, "place": place})
            beside = dataclasses.replace(s, runner=runner(kind, own))
            f = sequence(lambda t, at=place: [gs[t][0] if i == at else rest for i in (0, 1)])
            start = [x0 if i == place else rest for i in (0, 1)]
            made: Any = beside.start(start, groups=(0, 1))
            if len(made.optimizer.param_groups) != 2:
                raise NotAsked("its groups are not those that it was given")
            both = [[v[place]] for v in beside.path(f, start, T, groups=(0, 1)).x]
            found = same(alone, Path(both, both), s, f"a {which} group with its own {name}")
            if not found.holds:
                return found
        f = sequence(lambda t: gs[t])
        if not takes_changes(s, name, value, f, x0, alone):
            return Found(False, f"{name} = {value} from step 4 on changes nothing", 0.0, 4)
        asked.append(name)
    if not asked:
        raise NotAsked("its groups have no decay, momentum, ε or β")
    return Found(True, ", ".join(asked))


def takes_changes(
    s: Subject, name: str, value: Any, f: Function, x0: np.ndarray, other: Path
) -> bool:
    """Whether an option that is changed after three steps changes any later one, if it does so from
    the start."""
    usual, run = s.path(f, [x0], T), s.start([x0])
    if not np.abs(usual.flat() - other.flat()).max() > 0:
        return True
    assert isinstance(run, TorchRun)
    for t in range(T):
        if t == 3:
            for group in run.optimizer.param_groups:
                if name not in group:
                    return True
                group[name] = value
        run.step(t, f)
    return bool(np.abs(run.x[0] - usual.x[-1][0]).max() > 0)
