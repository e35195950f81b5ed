"""Arguments without which some optimizers cannot be run, or would not be the method they name."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

from convergence.audit.families import BRAIN
from convergence.audit.subject import Subject

INNER = 1e-2  # rate of the SGD that a wrapper is put around


def number(value: Any) -> Any:
    """A scalar of NumPy's, JAX's or torch's as Python's number, which laws can read; others as they
    are."""
    if type(value) in (tuple, list):
        return type(value)(map(number, value))
    if isinstance(value, int | float) or getattr(value, "shape", None) != ():
        return value
    try:
        found = value.item()
    except Exception:
        return value  # a key of JAX's
    return found if isinstance(found, int | float) else value


def as_laws_ask(subject: Subject) -> Subject:
    """The subject with rates, decays and βs that laws can read, minimizing, and with the roundings
    of averages that it was told to keep in 16 bits."""
    options, family = {k: number(v) for k, v in subject.options.items()}, subject.family
    notes = subject.notes
    if options.get("maximize"):
        options["maximize"] = False
        notes = (*notes, "asked with maximize=False; U14 asks what maximize=True makes of that")
    for name in ("mask", "weight_decay_mask"):
        if options.get(name) is not None and subject.accepts.get(name, 0) is None:
            options[name] = None
            notes = (*notes, f"asked without its {name}; U28 asks what a mask does")
    if any(k.endswith("dtype") and "float16" in str(v) for k, v in options.items()):
        family = family.but(grain=max(family.grain, BRAIN))
    return dataclasses.replace(subject, options=options, family=family, notes=notes)


def torch_inner(subject: Subject) -> Subject:
    """A wrapper of an optimizer object, around SGD."""
    outer = subject.factory

    def factory(params: Any, **options: Any) -> Any:
        import torch  # pyright: ignore[reportMissingImports]

        return outer(torch.optim.SGD(params, lr=INNER), **options)

    note = f"around torch's SGD with lr = {INNER:g}"
    return dataclasses.replace(subject, factory=factory, notes=(*subject.notes, note))


def torch_base(subject: Subject) -> Subject:
    """A wrapper of an optimizer class, around SGD."""
    import torch  # pyright: ignore[reportMissingImports]

    made = subject.set(base_optimizer=torch.optim.SGD)
    options = {**made.options} | ({} if "lr" in made.accepts else {"lr": INNER})
    note = f"around torch's SGD with lr = {INNER:g}"
    return dataclasses.replace(made, options=options, notes=(*made.notes, note))


def muon_groups(subject: Subject) -> Subject:
    """Groups marked `use_muon`, by the number of dimensions."""
    outer = subject.factory

    def factory(params: Any, **options: Any) -> Any:
        groups = []
        for entry in params:
            group = entry if isinstance(entry, dict) else {"params": [entry]}
            for p in group["params"]:
                groups.append({**group, "params": [p], "use_muon": p.ndim >= 2})
        merged: list[dict[str, Any]] = []
        for group in groups:
            if merged and merged[-1]["use_muon"] == group["use_muon"]:
                merged[-1]["params"].extend(group["params"])
            else:
                merged.append(group)
        return outer(merged, **options)

    note = "matrices in groups with use_muon=True"
    return dataclasses.replace(subject, factory=factory, notes=(*subject.notes, note))


def model_object(subject: Subject) -> Subject:
    """A module that holds the parameters, for what wants the model."""
    outer, both = subject.factory, "params" in subject.accepts

    def factory(params: Any, **options: Any) -> Any:
        import torch  # pyright: ignore[reportMissingImports]

        model, params = torch.nn.Module(), list(params)
        flat = [p for e in params for p in (e["params"] if isinstance(e, dict) else [e])]
        for i, p in enumerate(flat):
            model.register_parameter(f"p{i}", p)
        return outer(model, params, **options) if both else outer(model, **options)

    note = "given a module that holds the parameters"
    made = dataclasses.replace(subject, factory=factory, notes=(*subject.notes, note))
    return dataclasses.replace(
        made, accepts={k: v for k, v in made.accepts.items() if k != "params"}
    )


def rank_groups(subject: Subject) -> Subject:
    """GaLore's groups for matrices: without a rank it is its inner optimizer."""
    outer = subject.factory

    def factory(params: Any, **options: Any) -> Any:
        flat = [p for e in params for p in (e["params"] if isinstance(e, dict) else [e])]
        rank = {"rank": 2, "update_proj_gap": 4, "scale": 1.0, "proj_type": "std"}
        groups = [{"params": [p for p in flat if p.ndim == 2], **rank}]
        groups += [{"params": [p for p in flat if p.ndim != 2]}]
        return outer([g for g in groups if g["params"]], **options)

    note = "matrices in a group with rank 2, a new subspace every 4 steps, scale 1"
    return dataclasses.replace(subject, factory=factory, notes=(*subject.notes, note))


def optax_base(option: str) -> Callable[[Subject], Subject]:
    """A wrapper of a transformation, around SGD."""

    def prepared(subject: Subject) -> Subject:
        import optax

        note = f"around optax.sgd({INNER:g})"
        made = subject.set(**{option: optax.sgd(INNER)})
        return dataclasses.replace(made, notes=(*made.notes, note))

    return prepared


def given(**options: Any) -> Callable[[Subject], Subject]:
    """Options that the method cannot do without."""

    def prepared(subject: Subject) -> Subject:
        new = {k: v for k, v in options.items() if k not in subject.options}
        told = ", ".join(f"{k}={v!r}" for k, v in new.items())
        made = dataclasses.replace(subject, options={**subject.options, **new})
        return dataclasses.replace(made, notes=(*made.notes, f"with {told}")) if new else made

    return prepared


def per_example(subject: Subject) -> Subject:
    """A transformation of per-example gradients, here of a single example."""
    outer = subject.factory

    def factory(**options: Any) -> Any:
        import jax
        import optax

        tx = outer(**options)

        def update(updates: Any, state: Any, params: Any = None) -> Any:
            return tx.update(jax.tree.map(lambda g: g[None], updates), state, params)

        return optax.GradientTransformation(tx.init, update)

    note = "a single example a step"
    return dataclasses.replace(subject, factory=factory, notes=(*subject.notes, note))


def uncompiled(subject: Subject) -> Subject:
    """heavyball compiles its steps unless told otherwise; that takes minutes and no other path."""
    import importlib

    importlib.import_module("heavyball").utils.compile_mode = None
    note = "with heavyball.utils.compile_mode = None"
    return dataclasses.replace(subject, notes=(*subject.notes, note))


SPECIAL: dict[str, Callable[[Subject], Subject]] = {
    "pytorch_optimizer:Ranger21": given(num_iterations=1000, num_warm_up_iterations=0,
                                        num_warm_down_iterations=0),
    "pytorch_optimizer:BSAM": given(num_data=1),
    "optax.contrib:dpsgd": lambda s: per_example(
        given(l2_norm_clip=100.0, noise_multiplier=0.0, seed=0)(s)
    ),
    "optax.contrib:mechanize": optax_base("base_optimizer"),
    "optax.contrib:schedule_free": optax_base("base_optimizer"),
    "optax.contrib:galore": given(rank=2, update_proj_gap=4),
    "galore_torch:*": rank_groups,
}  # fmt: skip


def prepare(subject: Subject) -> Subject:
    """The subject with what its package, name or signature call for."""
    package = subject.package.split(".")[0]
    for key in (subject.target, f"{subject.package}:{subject.name}", f"{package}:*"):
        if key in SPECIAL:
            subject = SPECIAL[key](subject)
            break
    if package == "heavyball":
        subject = uncompiled(subject)
    if subject.kind == "torch":
        first = next(iter(inspect.signature(subject.factory).parameters), "")
        if first == "optimizer":
            subject = torch_inner(subject)
        if first == "model":
            subject = model_object(subject)
        if subject.accepts.get("base_optimizer", 0) is inspect.Parameter.empty:
            subject = torch_base(subject)
        if package == "pytorch_optimizer" and subject.family.name == "orthogonalized":
            subject = muon_groups(subject)
    return subject
