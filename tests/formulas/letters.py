"""What the letters of statements are, and the formulas of those that use words.

A specification is "formula; letter = formula; …". An empty formula is the statement's own. `.name`
is an attribute of the theorem, called with what it takes, `c.name` a constant; [i] an entry. Where
"[guard] formula" stands before "||", it counts as long as the guard is positive. What is written
here was read from statements and docstrings, not from the code of bounds.
"""

from __future__ import annotations

import re
from pathlib import Path

HORIZON = frozenset({"T", "K", "N"})  # where no letter of a statement's own is meant
# The first that the instance, the theorem or the method that it prescribes has.
NAMES: dict[str, tuple[str, ...]] = {
    "γ": ("gamma",), "η": ("eta", "step"), "α": ("alpha",), "β": ("beta",), "β_1": ("b1", "beta1"),
    "β_2": ("b2", "beta2"), "ν": ("nu",), "h": ("scale", "h"), "τ": ("tau",), "λ": ("decay",),
    "ε": ("eps",), "ρ": ("rho",), "δ": ("delta",), "a": ("a",), "c": ("c",), "k": ("k",),
    "m": ("m",), "p": ("p",), "r": ("r",), "B": ("B",),
}  # fmt: skip
CONSTANTS: dict[str, tuple[str, ...]] = {
    "L": ("L",), "μ": ("mu",), "Δ": ("Delta",), "F_0": ("risk0", "Delta"), "σ": ("sigma",),
    "R": ("R", "R_saddle", "box_R"), "s": ("sigma",), "d": ("d",), "n": ("agents", "n"),
    "m": ("m",), "G": ("G",), "L_max": ("L_max",), "L̃": ("L_tilde",), "ρ": ("rho",),
    "D": ("box_D",), "ζ": ("zeta",), "Ξ_0": ("Xi0",), "g_i": ("g",), "x_0": ("x0",),
    "‖∇f(x_0)‖": ("grad0",), "‖∇f(X_0)‖": ("grad0",), "‖∇f(W_0)‖": ("grad0",), "‖x_0‖": ("R",),
    "‖∇f(w^{0})‖": ("grad0",), "‖R_0‖_F": ("R0",), "L_A": ("L_A",), "L_B": ("L_B",),
    "L_C": ("L_C",),
}  # fmt: skip
HEAVY = (
    "p = .moment[0]; σ = .moment[1]; κ = .moment[2]; c_p = κ^(1/p); α = .pair[0]; γ = .pair[1]; "
    "θ = 1−α; L̄ = .average; b_p = 2^(p−1) (p−1)^(p−1)/p^p; v_p = (3/2)^(2−p); h = .level; "
    "B = .batch"
)
COMPRESSED = "q = √(1−δ); a = 1−q; δ = .contraction; κ = (1−γL−b²)/(1+b)²; L̃ = c.L_tilde"
NETWORK = "ρ = .mixing; s = .deviation; ζ = c.zeta_all"
LINEAR = "‖g‖_1 = Σ_i |g_i|; ‖g‖_2 = (Σ_i g_i²)^{½}"
LETTERS_OF = {
    "heavy_tailed": HEAVY, "compression": COMPRESSED, "decentralized": NETWORK,
    "adaptive": LINEAR, "classical": LINEAR, "parameter_free": LINEAR,
    "zeroth_order": "D_S = mn + 2n/r; D_f = √(2Δ/L)",
    "subspace": "L̂ = (m/r)L; δ = r/m; s_J = √(.share)s",
}  # fmt: skip
# The bound takes the best of a grid, so much above the best of all: relative, and no more.
GRIDS = {
    "EControlStochastic": 0.05, "ErrorFeedbackNonconvex": 1e-3, "ErrorFeedbackSurely": 1e-3,
    "ErrorFeedbackIgnoresHeterogeneity": 1e-3, "LozoSmooth": 1e-4,
}  # fmt: skip
# The lower ends of ranges.
LOW = {
    "AdamDiverges": "(1−1e-9)Δ Π_{t≤T} (1 − wαL√(1−β_2^t)/(ε(1−β_1^t)))²",
    "ArmijoRound": "(2c−1)^{2T}R²", "AlternatingOrbit": "R²/κ", "AdamLinear": "w − ηT‖g‖_1",
    "AMSGradClimbsWithMomentum": "1", "MuonEntries": "−1.165ηT‖G‖_*",
    "MuonNeverRests": ".32ηnL", "MuonLinear": "−1.134358ηT‖G‖_*",
    "GatesConverge": "0", "GatesDescend": "0",
    "ExtragradientMonotone": "0", "AdaWACWholeGap": "0", "MergeKeepsFunction": "0",
    "AveragingKeepsFunction": "0", "AnyOrderKeepsFunction": "0", "TwoAgentsAgree": "0",
}  # fmt: skip
ONLY_HERE = {"SilverSlope", "SilverValue"}  # T = 2^k − 1 of the claim
WHOLE = {"LookaheadFactor", "SignValleyDescends"}  # T is a multiple of a period
# Statements of one side, or about a shape, whose bound no formula on the page gives.
WORDS = {
    "AdaGradNormSmooth": "the root of a function",
    "RAdamLinear": "a case for each step", "FactoredLinear": "sums over rows and columns",
    "AMSGradDescendsWithMomentum": "a sum over a part of a period",
    "AdaBeliefLinear": "a sum of sums", "DecoupledLaw": "a recursion",
    "SignDescends": "the value at the start",
    "ExactDirection": "an angle of two matrices", "PlainLikeNormalized": "an angle of two matrices",
    "GrowthLaw": "the inverse of a function", "WhichToken": "a case for each start",
    "ChainFloor": "a binomial distribution", "SparseTransient": "a case for each method",
    "LargestDistanceFalls": "what was before", "MatchedAveragingDescends": "what was before",
    "BiasOfUncorrected": "a power of the step or of the gap",
    "SparkleTransient": "a case for each method", "SpeedUp": "a shape with its factors",
    "StaleRows": "a recursion", "SophiaDiagonalLaw": "a recursion",
    "SophiaQuadraticLaw": "a recursion", "AdaWACEnergy": "a divergence at the start",
    "LastIterateComes": "a divergence at the start", "Decay": "the bound of another statement",
    "Plateau": "a recursion",
    "AdafactorLinear": "a recursion", "Misreading": "the bound of another statement, misread",
    "NoneConverges": "a share of the start",
}  # fmt: skip
# Laws whose formula is read as well; the others are judged from both sides.
EXACT = {
    "Alike", "AveragedLaw", "BatchLaw", "HeavyBallEdge", "HeavyBallRadius", "HeavyBallSteady",
    "NesterovEdge", "SAGALikeDescent", "SharedMinimizer", "StochasticPolyakLaw",
}  # fmt: skip


def read(path: Path) -> dict[str, str]:
    """Specification by class: an indented line goes on with the one before."""
    text = re.sub(r"\n\s+", " ", path.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: spec.strip() for name, _, spec in (line.partition(":") for line in lines)}


LETTERS = read(Path(__file__).with_name("formulas.txt"))
