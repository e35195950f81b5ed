"""A theorem sees only constants: from them it prescribes an algorithm and bounds a metric."""

import enum
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.constants import Constants
from convergence.errors import STUMBLES, Unknown
from convergence.metrics.base import AbstractMetric
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import AbstractModule
from convergence.shapes import varies as varies
from convergence.theorems.assumptions import AbstractAssumption, Checked
from convergence.theorems.domains import Domain, check_defaults, check_fields

# A class without it is abstract. Type checkers know class variables alone; annotations are no
# strings here, for Equinox reads them.
if TYPE_CHECKING:
    from typing import ClassVar as AbstractClassVar
else:
    from equinox import AbstractClassVar


# A quotient by 0, a matrix that has no inverse: what is stated has no value on that instance.
UNDEFINED = ArithmeticError, MemoryError, np.linalg.LinAlgError


class Kind(enum.StrEnum):
    """What a statement says about the metric M_T and the number b_T that it names."""

    PATHWISE = "pathwise"  # lo ≤ M_T ≤ hi on every run
    EXPECTATION = "expectation"  # E M_T ≤ b_T
    EXACT = "exact"  # E M_T = b_T
    RATE = "rate"  # M_T = O(b_T), b_T a shape without a constant
    FLOOR = "floor"  # E M_T ≥ b_T
    SEPARATION = "separation"  # E M_T(A) ≤ factor · E M_T(B)
    IDENTITY = "identity"  # an equality or inequality checked without running an algorithm


class Moment(enum.StrEnum):
    """The number that a statement names, for a method S⁺ = M S + c + N u and a quadratic metric q.

    T is the horizon of `EXPECTED`; elsewhere it is whatever the instance and the statement make
    of it: 1/α, 1/(1 − λ), a percentage, a number of agents, a draw.
    """

    RADIUS = "spectral radius"
    GAP = "1 − spectral radius"
    STABLE = "1 if the spectral radius is below 1, else 0"
    BIAS = "q at the fixed point"
    VARIANCE = "½ tr(∇²q Σ) in steady state"
    STEADY = "lim E q"
    EXPECTED = "E q at T"
    TRANSIENT = "T at which the steady q is twice the rival's"


class Provenance(enum.StrEnum):
    """How we know a statement."""

    PRINTED = "printed"  # read in the paper
    RECALLED = "recalled"  # the paper's statement from memory, constants unverified
    DERIVED = "derived"  # ours, proof in the docstring
    CONJECTURED = "conjectured"  # fitted to runs, without a proof


class Source(NamedTuple):
    """A key of references.bib and the place in that work."""

    key: str
    locus: str


class AbstractTheorem(AbstractModule):
    """One statement. Its own fields are the free parameters that the statement leaves open
    (a rank r, a period τ, a multiple of the step), never ones fitted to an instance. `domain` says
    which values the proof allows each of them, and no others can be built; `open` names those,
    positive numbers, for every value of which the statement is meant.

    Every other hypothesis of the proof is in `assumes`, and checked at every horizon.

    The docstring opens with the statement; a derived one adds its proof.
    """

    kind: AbstractClassVar[Kind]
    source: AbstractClassVar[Source]
    provenance: AbstractClassVar[Provenance]
    statement: AbstractClassVar[str]
    assumes: ClassVar[tuple[AbstractAssumption, ...]] = ()
    open: ClassVar[tuple[str, ...]] = ()
    domain: ClassVar[Mapping[str, Domain]] = {}
    # What a judgement by exact moments needs besides.
    quantity: ClassVar[Moment] = Moment.EXPECTED
    # Solves with condition numbers up to 1e6 in float64 keep nine digits.
    tolerance: ClassVar[float] = 1e-9
    two_sided: ClassVar[bool] = False
    # The statement is about steps with T(1 − ρ) ≥ settled alone, ρ the spectral radius; 0: about
    # steps that are stable.
    settled: ClassVar[float | None] = None

    def __check_init__(self) -> None:
        check_fields(self)

    def check(
        self, problem: AbstractProblem, noise: AbstractNoise, c: Constants, T: int
    ) -> tuple[Checked, ...]:
        """The assumptions on an instance at horizon T, which they see as `c.T`.

        A constant that an assumption or the statement asks for and nothing certifies is one that
        fails.
        """
        seen, found = c | {"T": T}, []
        for assumption in self.assumes:
            try:
                found.append(assumption.check(problem, noise, seen))
            except Unknown as error:
                found.append(uncertified(error))
            except UNDEFINED as error:
                found.append(Checked(titled(assumption), False, None, f"{error}"))
            except STUMBLES as error:
                if all(a.holds for a in found):
                    raise
                # It asks for what the first that failed would have vouched for.
                found.append(Checked(titled(assumption), False, None, str(error)))
        if all(a.holds for a in found):
            try:
                for part in (self.prescribe, self.metric, self.bound):
                    part(c, T)
            except Unknown as error:
                found.append(uncertified(error))
            except UNDEFINED as error:
                found.append(Checked("a defined bound", False, None, f"{error}"))
        return tuple(found)

    @abstractmethod
    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        """The algorithm with the hyper-parameters of the statement, for horizon T."""

    @abstractmethod
    def metric(self, c: Constants, T: int) -> AbstractMetric:
        """The metric M_T that the statement is about."""

    @abstractmethod
    def bound(self, c: Constants, T: int) -> float | tuple[float, float]:
        """The number b_T that the statement names (see `Kind`); a pair (lo, hi) if pathwise."""

    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        """The other method of a separation or a transient."""
        raise NotImplementedError(f"{type(self).__name__} names no rival.")

    def ceiling(self, c: Constants, T: int) -> float | None:
        """A number that M_T exceeds with probability 0, or None if there is none."""
        return None

    def second_moment(self, c: Constants, T: int) -> float | None:
        """An upper bound of E M_T², proved like `bound`; None if there is none. It lets a limit be
        certified where there is no ceiling."""
        return None

    def light_tailed(self, c: Constants, T: int) -> bool:
        """Whether no rare run carries E M_T, given that the noise is light-tailed: certified of
        this metric, up to this horizon, under the method's own coins. Coins multiply: where the
        variance of log M_T that is owed to them is at most 1, tails are no heavier than those of
        exp N(0, 1), for which asymptotic limits have been measured. Asked where the method tosses
        coins or ∇f is neither affine nor bounded."""
        return False

    def unseen(self, c: Constants, T: int) -> float:
        """What runs too rare to be seen may add to E M_T at most, where `light_tailed` is of the
        others."""
        return 0.0

    def trivial(self, c: Constants, T: int) -> float | None:
        """What is known without running: the metric at the start, or None if not comparable."""
        return None

    def enough(self, c: Constants, T: int) -> float | None:
        """Of a rate: its bound with a constant. As long as no mean exceeds it, the O() holds, and a
        trend is that of a transient. None where no constant is known."""
        return None


def titled(assumption: AbstractAssumption) -> str:
    """What an assumption that could not be asked is called."""
    return getattr(assumption, "title", type(assumption).__name__)


def uncertified(error: Unknown) -> Checked:
    """The outcome where a constant is asked for that nothing certifies."""
    return Checked(error.name, False, None, "not certified by the instance")


def _passed_on(name: str) -> Any:
    """A property that reads the attribute of `of`."""
    return property(lambda self: getattr(self.of, name))


class AbstractAbout(AbstractTheorem):
    """A statement made of another one, `of`: it says what that one says wherever a subclass does
    not say otherwise. Only the almost-sure ceiling is not passed on: it belongs to the method that
    `of` prescribes.
    """

    of: Any

    kind = _passed_on("kind")
    source = _passed_on("source")
    provenance = _passed_on("provenance")
    statement = _passed_on("statement")
    assumes = _passed_on("assumes")

    def prescribe(self, c: Constants, T: int) -> Any:
        return self.of.prescribe(c, T)

    def metric(self, c: Constants, T: int) -> Any:
        return self.of.metric(c, T)

    def bound(self, c: Constants, T: int) -> Any:
        return self.of.bound(c, T)

    def trivial(self, c: Constants, T: int) -> float | None:
        return self.of.trivial(c, T)


class AbstractSeparation(AbstractTheorem):
    """E M_T(prescribed) ≤ b_T · E M_T(rival)."""

    kind = Kind.SEPARATION

    @abstractmethod
    def rival(self, c: Constants, T: int) -> AbstractAlgorithm:
        """The method that should do worse."""

    def bound(self, c: Constants, T: int) -> float:
        """The factor b of the statement, below 1 if the gap is quantified; the same for every T."""
        return 1.0


class AbstractIdentity(AbstractModule):
    """A statement checked without running a method, by exact enumeration or in closed form.

    `domain` says which values its proof allows each field, as for `AbstractTheorem`; of the
    package's, a field without one keeps its default.
    """

    kind: ClassVar[Kind] = Kind.IDENTITY
    source: AbstractClassVar[Source]
    provenance: AbstractClassVar[Provenance]
    statement: AbstractClassVar[str]
    tolerance: AbstractClassVar[float]
    domain: ClassVar[Mapping[str, Domain]] = {}

    def __check_init__(self) -> None:
        check_fields(self)
        if type(self).__module__.startswith("convergence."):
            check_defaults(self)

    @abstractmethod
    def discrepancies(self) -> dict[str, float]:
        """Case → violation: |left − right| of an identity, (left − right)₊ of an inequality,
        on a scale on which `tolerance` covers rounding."""
