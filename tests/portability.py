"""Verdicts under another processor: `python -m tests.portability DTYPE [--hasty] [SLUG …]`.

XLA and BLAS choose their kernels when they are loaded, so every setting is a process of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any, NamedTuple

FEW = (
    "sophia-quadratic-law", "celora-rotating-rows", "celora-stale-rows", "gwt-adam-diverges",
    "gd-huber-tight", "rso-conditioning", "wta-exact-moments",
)  # fmt: skip


class Foreign(Exception):
    """Instructions that this processor has not."""


class Setting(NamedTuple):
    """Instructions for XLA, a kernel of NumPy's BLAS, how to compile, and devices."""

    isa: str = ""
    kernel: str = "Haswell"
    hasty: bool = True
    devices: int = 1
    dtype: str = "float64"

    @property
    def name(self) -> str:
        """For a test's id."""
        compiled = "hasty" if self.hasty else "full"
        return f"{self.isa or 'best'}-{self.kernel}-{compiled}-{self.devices}-{self.dtype}"

    def environment(self) -> dict[str, str]:
        """Of the process."""
        flags = [f"--xla_force_host_platform_device_count={self.devices}"]
        flags += [f"--xla_cpu_max_isa={self.isa}"] if self.isa else []
        chosen = {"XLA_FLAGS": " ".join(flags), "OPENBLAS_CORETYPE": self.kernel}
        return {**os.environ, **chosen, "JAX_PLATFORMS": "cpu"}

    def verdicts(self, slugs: tuple[str, ...] = ()) -> dict[str, list[str]]:
        """slug → [verdict, expected verdict, reason], found by a process under this setting; raises
        `Foreign` where a kernel needs what the processor has not."""
        command = [sys.executable, "-W", "ignore", "-m", "tests.portability", self.dtype]
        command += ["--hasty"] if self.hasty else []
        done = subprocess.run(
            [*command, *slugs], env=self.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode == -signal.SIGILL:
            raise Foreign(f"this processor has not what the kernel {self.kernel} needs")
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])


FAST = (
    Setting("SSE4_2", "Prescott"),
    Setting("", "Zen", hasty=False, devices=2, dtype="float32"),
)
ALL = (
    *(Setting(isa) for isa in ("SSE4_2", "AVX", "AVX2", "")),
    *(Setting(kernel=kernel) for kernel in ("Prescott", "SkylakeX", "Zen")),
    Setting(hasty=False), Setting(devices=2), Setting(dtype="float32"),
)  # fmt: skip


def judged(dtype: str, hastily: bool, slugs: list[str]) -> dict[str, Any]:
    """The verdicts that rounding could move: pathwise, identities, exact moments."""
    import jax

    from convergence.claims.settings import Settings
    from convergence.cli.gather import everything

    class Chosen(Settings):
        @property
        def hasty(self) -> bool:
            return hastily

    assert jax.local_device_count() >= 1
    found = {}
    for claim in everything():
        unsimulated = getattr(claim, "how", "") == "exact"
        if claim.slug in slugs or (
            not slugs and (unsimulated or str(claim.kind) in ("pathwise", "identity"))
        ):
            report = claim.verify(Chosen(dtype=dtype))
            found[claim.slug] = [str(report.verdict), str(claim.expect), report.reason]
    return found


if __name__ == "__main__":
    arguments = sys.argv[2:]
    named = [a for a in arguments if a != "--hasty"]
    print(json.dumps(judged(sys.argv[1], "--hasty" in arguments, named)))
