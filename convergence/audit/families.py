"""Families of optimizers by name: what each promises, and from what it is excused by design.

A name is looked up without case, `_` and `-`; an unknown one gets the laws that bind everyone.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

SINGLE, BRAIN = 2.0**-24, 2.0**-8  # unit roundoffs of float32 and bfloat16


@dataclasses.dataclass(frozen=True)
class Family:
    """promises: laws beyond those that bind everyone. excused: laws that it breaks by design.

    power: p in Δ(cg) = c^p Δ(g). decay: the kind of weight decay that the name stands for.
    grain: unit roundoff of the coarsest arithmetic that belongs to the method. about: one line.
    """

    name: str
    about: str
    promises: frozenset[str] = frozenset()
    excused: frozenset[str] = frozenset()
    power: float | None = None
    decay: str | None = None
    grain: float = SINGLE

    def but(self, **changes: Any) -> Family:
        """This family with some fields changed."""
        return dataclasses.replace(self, **changes)


def family(name: str, about: str, promises: str = "", excused: str = "", **more: Any) -> Family:
    """A `Family` from lists of laws in words."""
    return Family(name, about, frozenset(promises.split()), frozenset(excused.split()), **more)


LOCAL = "S9 S6 S7 U3t U30"  # acts on each coordinate alone, by a step times the rate
BLOCKS = "S9"  # a norm of a tensor or of all: excused from 2n = n + n

ALL = (
    family("unknown", "nothing is promised beyond what binds everyone"),
    family("sgd", "x − ηg", f"{LOCAL} S2 S5 S6r S21 R6 W2 W7", power=1.0),
    family("heavy-ball", "v ← μv + g, x − ηv", f"{LOCAL} S5 S6r S21 R6 W2 W7", power=1.0),
    family("nesterov", "momentum with the gradient looked up ahead", f"{LOCAL} S5 S6r R6 N1 W2 W7",
           power=1.0),
    family("momentum", "a linear method of its own averages", f"{LOCAL} S5 S6r", power=1.0),
    family("adam", "m̂/√v̂ with bias correction, decay inside the gradient",
           f"{LOCAL} S1 S5 S10 S16 S19 S20 W1 W2 W7", power=0.0, decay="coupled"),
    family("adamw", "Adam with decoupled decay", f"{LOCAL} S1 S5 S10 S16 S19 S20 W1 W2 W3 W6",
           power=0.0, decay="decoupled"),
    family("adam-like", "m over √v in another form", f"{LOCAL} S5", power=0.0),
    family("delayed", "the first step only fills the averages", f"{LOCAL} S5", "S4z", power=0.0),
    family("dual-averaging", "MADGRAD: Σ√k g over the cube root of Σ√k g²", f"{LOCAL} S5",
           power=1 / 3),
    family("adabelief", "Adam with the spread of g about m", f"{LOCAL} S5 S11", power=0.0),
    family("adagrad", "g/√Σg²", f"{LOCAL} S2 S3 S5", power=0.0),
    family("rmsprop", "g/√v without bias correction", f"{LOCAL} S2 S5", power=0.0),
    family("adadelta", "steps in the unit of x", f"{LOCAL}", power=0.0),
    family("adafactor", "row and column means of g²", "S5 S6 S18", f"{BLOCKS} C23 S7", power=0.0),
    family("sign", "η sign(…)", f"{LOCAL} S5 S10 W4", power=0.0),
    family("rprop", "steps grow and shrink by agreement of signs", f"{LOCAL} S5", "U2 U2s",
           power=0.0),
    family("sophia", "m over curvature, the ratio clipped", f"{LOCAL} S10"),
    family("normalized", "one norm for a tensor", "S6", f"{BLOCKS}"),
    family("trust-ratio", "steps in proportion to the norm of x", "S6", f"{BLOCKS} C23 S7"),
    family("orthogonalized", "polar factor of the momentum of a matrix", "S5 S6 S14", f"{BLOCKS}",
           power=0.0, grain=BRAIN),
    family("kronecker", "a preconditioner for each side of a matrix", "S5", f"{BLOCKS} U3t S4z",
           power=0.0),
    family("random", "draws at random which part moves", "",
           f"{BLOCKS} U3t U10 U10t U10e S8 S12i S9l S9o U25 U26 U20"),
    family("global", "one number for all parameters", "", f"{BLOCKS} S9g U10 S4z S9l S9o S9a"),
    family("mixed", "between an adaptive and a linear method", "S6 S7"),
    family("low-rank", "works in a subspace of a matrix", "", f"{BLOCKS}"),
    family("parameter-free", "finds its own step size", "S6", f"{BLOCKS} S10 S9l S9o U2s"),
    family("schedule-free", "an average of z is returned", f"{LOCAL} A1", "U2 U2s S4z S9a"),
    family("polyak", "steps from f(x) − f*", "S6 S6r S7 K2", f"{BLOCKS}"),
    family("second-order", "asks for curvature", "S6", f"{BLOCKS}"),
    family("wrapper", "around another optimizer", "", f"{BLOCKS} U2 U2s"),
    family("centralized", "gradients without their mean", "", f"{BLOCKS} U1 S4 C22"),
    family("projected", "keeps x on a set or sphere", "",
           f"{BLOCKS} C23 S13 S13f U2 U2s S7 U1 S4 S4z U5 C22 U11"),
    family("noisy", "adds noise of its own", "",
           f"{BLOCKS} S13 S13f U2 U2s S4 S9l S9o S12 U9 U11 U5 S8 U10 U10t U10e U25 U26 U20 "
           "U14 U16"),
    family("optimistic", "extrapolates gradients", f"{LOCAL} C15"),
    family("finite-sum", "remembers a gradient of each sample, an epoch a step"),
    family("extragradient", "the gradient at a point ahead", f"{LOCAL} C14"),
)  # fmt: skip
FAMILIES: Mapping[str, Family] = {f.name: f for f in ALL}

# Names in lower case without marks; what stands first wins.
NAMES: tuple[tuple[str, str], ...] = (
    (r"noisysgd|sgld|dpsgd|bsam|vsgd", "noisy"),
    (r"lookahead|mechan|trac$|samwrapper|.*sam$|lookaround|swa|wrapper|ranger.*|pcgrad"
     r"|safefp16.*|multisteps|grokfast.*|splitopt|msam.*|dualadam", "wrapper"),
    (r"hyperball.*|orthograd", "projected"),
    (r"magma|psgd.*|kron|qsgd|lather", "random"),
    (r"adai|avagrad", "global"),
    (r"padam|swats|unscaledadamw|diffgrad|adabound", "mixed"),
    (r".*schedulefree.*|sf(adamw|sgd|radam)|.*sfadamw", "schedule-free"),
    (r"dadapt.*|prodigy.*|l?dog|.*dowg|cocob|adamg|momoadam|alig|distanceover.*|emo(navi|fact|lynx)"
     r"|spsmax", "parameter-free"),
    (r"polyak.*|momo|sps|armijo.*", "polyak"),
    (r".*galore.*|fira|flora|apollotorch|apollodqn|apollo|conda|alice|racs|lorarite|sara|ldadam"
     r"|gwt|frugal|adamsubspace|demo", "low-rank"),
    (r".*soap.*|.*shampoo|.*solp|splus|spectralsphere|eshampoo|kfac"
     r"|purifyinggrad|sudsadamw|dash", "kronecker"),
    (r".*muon.*|scion(light)?|dion|adago|.*orthola.*|lapropo.*|polargrad", "orthogonalized"),
    (r"lars|lamb(fp.*|c)?|adamp|sgdp|larc|nadamp|adambp|adatam|nvlamb"
     r"|fusedlamb", "trust-ratio"),
    (r"fromage|nero|spectralsphere|madam", "projected"),
    (r"adopt.*|adashift", "delayed"),
    (r"madgrad.*", "dual-averaging"),
    (r"adafactor.*|came|adalite|adalomo|.*adafactor", "adafactor"),
    (r"adahessian|lbfgs|.*newton.*", "second-order"),
    (r"sophia.*", "sophia"),
    (r"saga?|svrg|sarah|finito|sdca", "finite-sum"),
    (r"optimistic.*", "optimistic"),
    (r"extra(gradient|sgd|gd)", "extragradient"),
    (r"sign(sgd|um.*|descent)?|.*lion.*|tiger", "sign"),
    (r"rprop", "rprop"),
    (r"adabelief|adabeliefw", "adabelief"),
    (r"adagrad|adagradstyle|adagrad(w|da)?", "adagrad"),
    (r"rmsprop(tf)?", "rmsprop"),
    (r"adadelta", "adadelta"),
    (r"(flash|unscaled|fused|bnb|torch)?adamw(8bit|bf16|legacy|torch)?", "adamw"),
    (r"(fused)?adam(8bit|legacy)?", "adam"),
    (r"nsgd.*|normalized.*|novograd|nvnovograd|adagradnorm|adanorm|lomo|adamini|adammini"
     r"|stableadamw|stablespam|spam|adagc", "normalized"),
    (r"adamax.*|n?adamw?|radam.*|amsgrad.*|adan|yogi|nadam.*|laprop|ademamix|.*ademamix"
     r"|exadam|qhadam|adamod|adams|adamc|swats|adapnm|mars|grams|acprop"
     r"|adasmooth|aida|ano|fadam|adamwsn|bcos", "adam-like"),
    (r".*nesterov.*|nag|fista|accgd|agd", "nesterov"),
    (r".*heavyball.*|momentum|sgdmomentum|msgd|polyakmomentum", "heavy-ball"),
    (r"sgd|gd|gradientdescent|descent", "sgd"),
    (r"accsgd|aggmo|pid|qhm|sgdw|pnm|stormsgd", "momentum"),
    (r"sm3|kate|ftrl|a2grad.*|msvag|gravity|tam|focus|adai|amos|rose|srmm", "unknown"),
)  # fmt: skip


# Names that mean another method in one package.
TARGETS = {"heavyball:Scion": "hyperball", "pytorch_optimizer:ASGD": "adaptive-rate"}


def by_name(name: str) -> Family:
    """The family of a class or factory by its name, or by "module:name"."""
    name = TARGETS.get(name, name).rpartition(":")[2]
    plain = re.sub(r"[_\-.]", "", name).lower()
    for pattern, found in NAMES:
        if re.fullmatch(pattern, plain):
            return FAMILIES[found]
    return FAMILIES["unknown"]
