"""Modules with a fault: at import, in CLAIMS, in a field, in what a claim calls."""

from __future__ import annotations

HEAD = (
    "import dataclasses, sys, os, warnings\nimport numpy as np\n"
    "import jax.numpy as jnp\nimport equinox as eqx\n"
    "from convergence import Claim, Verdict\nfrom convergence.constants import Constants\n"
    "from convergence.noise.gaussian import Gaussian\n"
    "from convergence.problems.quadratic import Isotropic\n"
    "from convergence.theorems.classical.ghadimi2013 import SGDNonconvex\n"
    "from tests.own import GOOD\n"
    "GOOD = dataclasses.replace(GOOD, seeds=8, horizons=(4,))\n"
)

AT_IMPORT = (
    "def f(:\n", "x = 1\n", "", "\x00", "\ud800", "# -*- coding: nonsense -*-\n", "1 / 0\n",
    "import sys\nsys.exit(0)\n", "import sys\nsys.exit(1)\n", "raise SystemExit\n",
    "raise SystemExit('bye')\n", "exit()\n", "import no_such_package\n", "raise Exception\n",
    "raise KeyError('a\\nb')\n", "def f(): f()\nf()\n", "raise StopIteration\n",
    "assert False, 'no'\n", "raise MemoryError\n", "open('/no/such/file')\n",
    "raise UnicodeDecodeError('utf-8', b'x', 0, 1, 'odd')\n", "import mine_that_is_not\n",
    "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E\n",
    "class E(BaseException): pass\nraise E('base')\n", "raise GeneratorExit\n",
    "raise ExceptionGroup('several', [ValueError('a'), KeyError('b')])\n",
    "from convergence import nothing\n", "from tests.own import GOOD as CLAIMS\n",
    "import warnings\nwarnings.warn('odd')\nCLAIMS = ()\n",
    "import sys\nsys.setrecursionlimit(60)\n1 / 0\n",
)  # fmt: skip

CLAIMS_ARE = (
    "3", "()", "[]", "{}", "None", "'a'", "(None,)", "('a',)", "(GOOD, 3)", "iter([GOOD])",
    "{'a': GOOD}", "(GOOD, dataclasses.replace(GOOD, note='x'))", "GOOD", "(Claim,)", "lambda: 0",
    "((GOOD,),)", "{GOOD.slug}", "np.array([1])", "range(3)", "...", "(type(GOOD),)",
    "[GOOD, None]", "float('nan')", "b'x'", "(GOOD for _ in 'a')",
)  # fmt: skip

FIELDS = (
    "slug=''", "slug=None", "slug='a' * 999", "slug='a\\nb'", "slug=3", "slug='\\ud800'",
    "theorem=SGDNonconvex", "theorem=None", "theorem=3", "theorem='a'", "problem=Isotropic",
    "problem=None", "problem=Gaussian(1.0)", "problem=lambda T: None", "problem=lambda T: 1 / 0",
    "problem=lambda: 0", "problem=lambda T: Isotropic(np.ones(0))", "noise=Gaussian", "noise=None",
    "noise=Isotropic(np.ones(2))", "noise=lambda T: 'a'", "noise=lambda T: Gaussian(-1.0)",
    "noise=lambda T: Gaussian(float('nan'))", "expect='CONSISTENT'", "expect=None",
    "horizons=()", "horizons=None", "horizons=(0,)", "horizons=(4.5,)", "horizons=(-1,)",
    "horizons=(2**31,)", "horizons=(2**31 - 1,)", "horizons=('a',)", "horizons=4",
    "horizons=(True,)", "horizons=(4, None)", "seeds=0", "seeds=-1", "seeds=8.0", "seeds=None",
    "seeds='8'", "seeds=10**9", "seeds=10**30", "seeds=True", "chunk=0", "chunk=-1", "chunk=None",
    "chunk=2.0", "chunk=2**31 - 1", "chunk=10**30", "margin=0", "margin=-1", "margin=2",
    "margin=None", "margin=float('nan')", "margin='a'", "more=3", "more={'huge': (3,)}",
    "more={'full': (4.5,)}", "more={'full': 3}", "more={3: (3,)}", "oracle=None", "oracle=3",
    "oracle=lambda: 0", "oracle=lambda p, n: None", "oracle=lambda p, n: p", "note=3", "family=3",
    "instead=None", "note=None", "problem=lambda T: Isotropic(np.array(['a']))",
    "problem=lambda T: Isotropic(np.ones(2) * 1j)", "problem=lambda T: Isotropic(None)",
    "problem=lambda T: Isotropic([np.inf])", "theorem=SGDNonconvex('a')",
    "theorem=SGDNonconvex(None)", "theorem=SGDNonconvex(float('nan'))", "theorem=SGDNonconvex(0)",
    "theorem=SGDNonconvex(-1.0)", "theorem=SGDNonconvex(1e300)", "theorem=SGDNonconvex([1, 2])",
)  # fmt: skip

RETURNS = (
    "None", "'a'", "1j", "float('nan')", "float('inf')", "-float('inf')", "True", "()",
    "(2.0, 1.0)", "(1.0, 2.0)", "(1, 2, 3)", "np.ones(3)", "[1.0]", "{}", "10**400", "1 / 0",
    "undefined",
    "sys.exit(0)", "(_ for _ in ()).throw(KeyError('x'))", "self.bound(c, T)", "object()", "b'1'",
)  # fmt: skip
METHODS = (
    "bound(self, c, T)", "prescribe(self, c, T)", "metric(self, c, T)", "trivial(self, c, T)",
    "ceiling(self, c, T)",
)  # fmt: skip
PARTS = (
    ("Isotropic", "constants(self)"), ("Isotropic", "start(self)"), ("Isotropic", "grad(self, x)"),
    ("Isotropic", "value(self, x)"), ("Gaussian", "draw(self, x, key)"),
    ("Gaussian", "constants(self, shape)"),
)  # fmt: skip
METRICS = (
    "1j * jnp.sum(state.x)", "jnp.sum(state.x) * jnp.nan", "jnp.sum(state.x) + jnp.inf", "None",
    "'a'", "(1.0, 2.0)", "jnp.zeros(0)", "jnp.ones((2, 2))", "jnp.array(True)", "jnp.array(3)",
    "-jnp.ones(())", "1 / 0", "float(jnp.sum(state.x))", "np.ones(3)", "state", "state.y",
    "jnp.sum(state.x) * 1e308 * 1e308", "problem", "jnp.array(['a'])",
)  # fmt: skip


def _method(name: str, value: str) -> str:
    return (
        f"class Odd(SGDNonconvex):\n    'odd'\n    def {name}:\n        return {value}\n"
        "CLAIMS = (dataclasses.replace(GOOD, theorem=Odd(0.1)),)\n"
    )


def _part(base: str, name: str, value: str) -> str:
    field, made = ("problem", "np.ones(3)") if base == "Isotropic" else ("noise", "1.0")
    return (
        f"class Odd({base}):\n    'odd'\n    def {name}:\n        return {value}\n"
        f"CLAIMS = (dataclasses.replace(GOOD, {field}=Odd({made})),)\n"
    )


def _metric(value: str) -> str:
    return (
        "from convergence.metrics.pointwise import AbstractPointwise\n"
        "class Reads(AbstractPointwise):\n    'odd'\n    def at(self, problem, state):\n"
        f"        return {value}\n" + _method("metric(self, c, T)", "Reads()")
    )


MODULES = (
    *AT_IMPORT,
    *(f"{HEAD}CLAIMS = {value}\n" for value in CLAIMS_ARE),
    *(f"{HEAD}CLAIMS = (dataclasses.replace(GOOD, {field}),)\n" for field in FIELDS),
    *(HEAD + _method(name, value) for name in METHODS for value in RETURNS),
    *(HEAD + _part(*part, value) for part in PARTS for value in RETURNS[:10]),
    *(HEAD + _metric(value) for value in METRICS),
)
