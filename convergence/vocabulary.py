"""What the name of each constant means, in one table: `VOCABULARY`.

What is a bound by its meaning may be loose: a larger L, G, rho, zeta_all, L_max, sigma_p or
noise_lipschitz, a smaller mu, radius or delta_least are true as well, and weaken what is stated;
so is a half of an L that is proved and not attained, as that of `Attention` and of `DoubleWell`, or
0.9 of D_pair and E_pair, which bound sums by sums of bounds. What is false in the other direction
is looked for (`convergence.laws`), where it is tightest. p has no truth of its own: it says which
moment sigma_p bounds, and a false one is a false sigma_p, seen by atoms and by a tail, else by as
many draws as refute.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import NamedTuple


class Name(NamedTuple):
    """What a constant means, wherever it is certified or asked for.

    kind: one of `KINDS`. unit: in terms of f and x, "" for a pure number. by: who certifies it.
    """

    kind: str
    unit: str
    meaning: str
    by: str


KINDS = {
    "size": "a whole number ≥ 0",
    "magnitude": "a number ≥ 0",
    "number": "a number",
    "flag": "True or False",
    "array": "an array of numbers",
}

_TABLE = """
[problem]
L            : magnitude f/x² : ‖∇f(x) − ∇f(y)‖ ≤ L‖x − y‖ for all x, y
mu           : number f/x²    : f − (μ/2)‖x‖² is convex; negative where f is weakly convex
mu_PL        : magnitude f/x² : ‖∇f‖² ≥ 2μ(f − f*)
Delta        : magnitude f    : f(x_0) − f_star
f_star       : number f       : inf f, or a number below it
grad0        : magnitude f/x  : ‖∇f(x_0)‖
x_star       : array x        : a minimizer of f, of the iterate's shape after broadcasting
x0           : array x        : x_0 itself
R            : magnitude x    : ‖x_0 − x_star‖, in the iterate's own space
G            : magnitude f/x  : ‖∇f(x)‖ ≤ G for all x
rho          : magnitude f/x³ : ‖∇²f(x) − ∇²f(y)‖ ≤ ρ‖x − y‖ for all x, y
d            : size           : entries of the iterate
m            : size           : rows of a matrix iterate
n            : size           : columns of a matrix iterate
convex       : flag           : f is convex
quadratic    : flag           : ∇f is affine
isotropic    : flag           : ∇²f = L·I everywhere
[claim]
T            : size           : the horizon
plain        : flag           : a gradient of the oracle is ∇f and one draw of the noise
[Shifted]
grad_max     : magnitude f/x  : the largest entry of |∇f(x_0)|
[Linear]
g            : array f/x      : f(x) = ⟨g, x⟩ for all x
[Boxed]
box_low      : number x       : x is to stay above it in every entry
box_high     : number x       : x is to stay below it in every entry
box_star     : array x        : a minimizer of f over this box
box_least    : number f       : f(box_star)
box_R        : magnitude x    : ‖x_0 − box_star‖
box_Delta    : magnitude f    : f(x_0) − box_least
box_D        : magnitude x    : the diameter of the box
[LossesInTurn]
turns        : array f/x      : the slopes of losses in turn, f their mean
[Valley]
valley       : flag           : f = eps|x_1 + x_2| + |x_1 − x_2| with 0 < eps < 1
[EntryQuadratic]
by_rows      : flag           : the Hessian is diag(h) on every column
gram         : array x²       : x_0 x_0ᵀ
[EntryQuadratic, AgentQuadratics]
h            : array f/x²     : eigenvalues of the Hessian: by rows, or of one copy if common
[Separable]
curvatures   : array f/x²     : eigenvalues of ∇²f at the minimizer, in the basis of z0
z0           : array x        : x_0 in the basis in which f separates
turned       : flag           : that basis is not the coordinates
mu_star      : magnitude f/x² : λ_min(∇²f) at the minimizer
condition    : magnitude      : λ_max/λ_min of ∇²f at the minimizer
radius       : magnitude x    : ‖x − y‖ ≤ radius implies ‖∇²f(y)⁻¹∇²f(x)‖ ≤ 2
[Counterexample]
visible      : size           : rows that f sees
spectrum     : array f/x      : singular values of ∇f(x_0)
noise_columns : magnitude f/x  : the norm of the last n − visible columns of ∇f(x_0)
[Chain]
eps          : magnitude f/x  : ‖∇f‖ > eps until the last coordinate is found
K            : size           : coordinates of a chain
[GradientForm]
eigenvalues  : array f/x²     : the distinct eigenvalues of the Hessian, ascending
[GradientForm, ScalarFactors]
kappa        : number f/x²    : min over the run of the mean of λ_min(PᵀBP) λ_min(QᵀCQ)
low          : number f/x²    : the least eigenvalue of the projected Hessian
high         : number f/x²    : its largest
P            : array          : the designated subspace of rows
Q            : array          : the designated subspace of columns
R0           : magnitude f/x  : ‖Pᵀ∇f(x_0)Q‖
[GradientForm]
product      : flag           : the eigenspace of the least eigenvalue is a product of spaces
par          : magnitude f/x  : ‖G_∥‖_F of ∇f(x_0) projected on that eigenspace
par2         : magnitude f/x  : ‖G_∥‖₂
perp         : magnitude f/x  : ‖∇f(x_0) − G_∥‖_F
[GradientForm, ScalarFactors]
L_A          : magnitude f/x² : Lipschitz constant of A(W)
L_B          : magnitude 1/x  : Lipschitz constant of B(W)
L_C          : magnitude f/x³ : Lipschitz constant of C(W)
D            : magnitude x    : ‖W‖ ≤ D along the run, where a factor moves
B_sup        : magnitude      : the largest ‖B_i‖₂
C_sup        : magnitude f/x² : the largest ‖C_i‖₂
W_norm       : magnitude x    : a bound of ‖W_t‖ along the run, what S annuls left out
[ScalarFactors]
eta          : magnitude x²/f : the step of the run whose constants are certified
steps        : size           : the steps of that run
[Regression]
layer        : array          : the frozen layer W of f = ½‖θWᵀ − Y‖²
layer_rows   : size           : its rows
rank         : size           : its rank
frob         : magnitude      : its ‖·‖_F²
residual     : array          : θWᵀ − Y at the minimizer
shares       : array          : ‖W_i‖²/‖W‖_F², descending
parts        : array f/x      : ‖R_i‖‖W_i‖ at x_0, one a term of ∇f = Σ R_i W_i
collinear    : flag           : all terms of ∇f point one way
orthogonal   : flag           : the layer is a multiple of an orthogonal matrix
ones         : flag           : one parameter and the layer (1, …, 1)ᵀ
three_rows   : flag           : the instance `three_rows()`
[TwoLayer]
stretch      : magnitude      : ‖∇²f(x)‖ ≤ stretch²‖x‖² + stretch √(2f(x)) for all x
[Attention]
inputs       : size           : inputs, each with its tokens, a query and one best token
tokens       : size           : tokens of an input
gaps         : array f        : by input, the lead of its best score over the next and the last
separator    : array x        : the least W with (x_best − x_t)ᵀ W z ≥ 1 for every other token t
pairs        : array          : (x_best − x_other) zᵀ, one an input of two tokens
three_tokens : flag           : the instance `three_tokens()`
[KeyQuery]
balance      : array x²       : KᵀK − QᵀQ of x_0 = (K, Q)
[agents, workers, bilevel]
agents       : size           : agents or workers that share the objective
zeta         : magnitude f/x  : ((1/n) Σ‖∇f_i(x*) − ∇f(x*)‖²)^½ (bilevel: all three levels)
zeta_all     : magnitude f/x  : (1/n) Σ‖∇f_i(x) − ∇J(x)‖² ≤ zeta_all² for all x, J = (1/n) Σ f_i
G_mean       : magnitude f/x  : ‖∇J(x)‖ ≤ G_mean for all x
risk0        : magnitude f    : J(x̄_0) − inf J, x̄_0 the mean of the copies at the start
Xi0          : magnitude x²   : (1/n) Σ‖x_i − x̄_0‖² of the copies at the start
[WorkerQuadratics, GatedClients]
all_convex   : flag           : every f_i is convex
all_quadratic : flag           : every ∇f_i is affine
[WorkerQuadratics]
local        : array f/x      : the stack of ∇f_i(x*)
L_tilde      : magnitude f/x² : (1/n) Σ‖∇f_i(x) − ∇f_i(y)‖² ≤ L_tilde²‖x − y‖²
L_max        : magnitude f/x² : the largest ‖∇²f_i‖
B            : magnitude      : (1/n) Σ‖∇f_i‖² ≤ zeta_B² + B²‖∇f‖²
zeta_B       : magnitude f/x  : see B
opposed      : flag           : the three workers of `opposed_workers`
unit         : flag           : every worker has the Hessian I
[agents, bilevel]
common       : flag           : every agent has the same curvature
W            : array          : the mixing matrix
lam          : array          : eigenvalues of a symmetric W, descending
[AgentQuadratics]
lam_min      : number         : the least of them
U            : array          : its eigenvectors, in columns
E            : array          : eigenvectors of a common Hessian, in columns
hessians     : array f/x²     : the agents' Hessians (n, d, d)
beta         : array f/x      : −∇f_i(x*) of the agents, at the minimizer of their mean
modes        : array f/x      : Uᵀ beta E
[agents, bilevel]
R_rms        : magnitude x    : ((1/n) Σ‖x_i − x*‖²)^½ of the copies at the start, x* of their mean
[AgentQuadratics]
mean_mu      : magnitude f/x² : λ_min of the mean Hessian
[BilevelQuadratics]
upper_d      : size           : entries of one copy of the upper variable
lower_d      : size           : entries of one copy of the lower variable
mu_g         : magnitude f/x² : least curvature of the lower level
L_g          : magnitude f/x² : largest curvature of the lower level
A_mean       : array          : mean of the lower Hessians
B_mean       : array          : mean of the cross terms B_i
K_mean       : array          : mean of C_iᵀC_i
k_mean       : array          : mean of C_iᵀd_i
r_mean       : array x        : mean of the upper centers r_i
y_free       : array          : y*(0)
weight       : magnitude f/x² : the weight ϱ of the upper regularizer
hyper        : array f/x²     : the Hessian of Φ
[UnitQuadratics, PermutedNet]
risk0_aligned : magnitude f    : risk0 of the copies once their units are aligned
Xi0_aligned  : magnitude x²   : Xi0 of the copies once their units are aligned
grad0_aligned : magnitude f/x  : ‖∇J‖ at the mean of the aligned copies at the start
aligns       : flag           : weight matching of the start finds the hidden order of every pair
symmetric_W  : flag           : W is symmetric
copies       : flag           : all agents start from one net, in orders of their own
unit_spread  : magnitude      : the least standard deviation of a unit's activation on the probes
unit_correlation : number     : the largest correlation of two units' activations on the probes
[GatedClients]
client_h     : array f/x²     : curvatures of the clients' F_i (n, d), zero behind closed gates
client_x     : array x        : ∇F_i(x) = client_h (x − client_x)
[SaddleQuadratic, WeightedPairs]
split        : size           : entries of the minimizing player's variable, first in the iterate
[SaddleQuadratic]
saddle       : array x        : a saddle point z*
R_saddle     : magnitude x    : ‖z_0 − z*‖
mu_saddle    : magnitude f/x² : ⟨F(z) − F(w), z − w⟩ ≥ mu_saddle‖z − w‖², F = (∇_x ℒ, −∇_y ℒ)
bilinear     : flag           : the game is xᵀAy and linear terms
couplings    : array f/x²     : the singular values of A
energies     : array x²       : squares of z_0 − z* in the plane of each singular value of A
idle         : magnitude x²   : what is left of ‖z_0 − z*‖² where A is 0 for want of rows or columns
[WeightedPairs]
samples      : size           : samples with two losses l_i, c_i and a weight each
ball         : magnitude x    : r of the ball ‖θ − θ_0‖ ≤ r of the parameter
G_pair       : magnitude f/x  : ((1/n) Σ max(‖∇l_i‖, ‖∇c_i‖)²)^½ on the ball, at most
D_pair       : magnitude f    : ((1/n) Σ (l_i − c_i)²)^½ on the ball, at most
E_pair       : magnitude f²/x : (1/n) Σ |l_i − c_i| ‖∇l_i − ∇c_i‖ on the ball, at most
delta_least  : magnitude f    : min_i |l_i − c_i| on the ball, at least
delta_here   : magnitude f    : min_i |l_i − c_i| at θ_0
seesaw       : flag           : one sample, l = θ and c = −θ
[noise]
sigma        : magnitude f/x  : E‖ξ‖² = σ² exactly, TOTAL, at every x (of one worker of several)
p            : magnitude      : the order of the moment that sigma_p bounds, 1 < p ≤ 2
sigma_p      : magnitude f/x  : E‖ξ‖^p ≤ sigma_p^p at every x
symmetric    : flag           : ξ and −ξ have one law given x
additive     : flag           : a sample ξ does not depend on x
light_tailed : flag           : ξ is sub-Gaussian on the scale of σ
isotropic_noise : flag           : E ξξᵀ is a multiple of the identity
[PerEntry, PerAgent]
independent  : flag           : the samples of different agents are independent
equal_noise  : flag           : all agents have one law
[DiagonalGaussian]
covariance   : array f²/x²    : variances of independent entries
[PerAgent]
covariances  : array f²/x²    : the agents' covariances (n, d, d)
[PerEntry]
s            : magnitude f/x  : the largest standard deviation of an entry
[Levels]
s_y          : magnitude      : s of the lower gradient's noise
s_z          : magnitude      : s of the adjoint's noise
s_u          : magnitude f/x  : s of the upper gradient's noise
[Ripple]
noise_lipschitz : magnitude f/x² : (E‖ξ(x) − ξ(y)‖²)^½ ≤ noise_lipschitz ‖x − y‖
noise_lipschitz_p : magnitude f/x² : the same with E‖·‖^p
[CornerSign, CornerGaussian]
corner       : magnitude f/x  : ξ = corner · v C, C the last identity block, v as said below
corner_rank  : size           : the rank of that block
[CornerSign]
batch        : size           : how many independent signs v is the mean of
two_point    : flag           : v = ±1
[CornerGaussian]
gaussian     : flag           : v ~ N(0, 1)
[Atoms]
q            : magnitude      : the chance of the rarest atom
top          : magnitude f/x  : the largest |atom|
[Pair]
u            : array f/x      : one of the two atoms
u_chance     : magnitude      : its chance
[Points]
three_atoms  : flag           : σ√0.3 times the three points `ATOMS`
[Coin]
shown        : magnitude      : the chance that a sample shows a hidden coordinate
"""


def _read(table: str) -> dict[str, Name]:
    found, by = {}, ""
    for line in table.strip().splitlines():
        if line.startswith("["):
            by = line.strip("[]")
            continue
        name, kind, meaning = (part.strip() for part in line.split(" : ", 2))
        kind, _, unit = kind.partition(" ")
        found[name] = Name(kind, unit, meaning, by)
    return found


VOCABULARY = _read(_TABLE)
CERTIFIED = Path(__file__).with_name("certified.json")  # `python -m docs.make.certified`


@functools.cache
def certified() -> dict[str, list[str]]:
    """The constants that problems and noises of the package certify, by the name of the class."""
    return json.loads(CERTIFIED.read_text(encoding="utf-8"))


def who_certifies(name: str) -> list[str]:
    """The classes of the package that certify a constant, or a flag as True, of some instance."""
    return [kind for kind, names in certified().items() if name in names]
