"""What surrounds a run: devices, versions, and who else owns the import name."""

from __future__ import annotations

import contextlib
import datetime
import gc
import hashlib
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from convergence.errors import require
from convergence.workers import ALONE, SPARE, cores

# Tracing makes millions of objects and few cycles: Python's own numbers take 6 % of a run's time.
RARELY = 50_000, 20, 100


def prepare() -> None:
    """Before JAX is imported: give XLA threads to spare, and Python's collector of cycles less to
    do; then warn if another distribution installs the import name.

    NumPy's products keep to one thread: claims are judged in a process a core, and reports are the
    same on machines with other numbers of cores.

    XLA compiles, runs and factorizes matrices in pools with one thread a core, and these tasks
    wait for others of the same pool: on two cores, two claims at a time, or one claim on two
    devices, can wait for each other forever. With many threads a core none has to.
    """
    least = 2 * 2**30
    with contextlib.suppress(ImportError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        require(
            limit == resource.RLIM_INFINITY or limit >= least,
            f"a limit of {limit / 2**30:.2g} GiB to the address space (ulimit -v)",
            f"{least / 2**30:.0f} GiB for JAX and its threads",
            "raise the limit",
        )
    if "jax" not in sys.modules:  # its pools may be there already, and NPROC would be a lie
        os.environ.setdefault("NPROC", str(max(16, SPARE * cores())))
    if "numpy" not in sys.modules:
        for name, threads in ALONE.items():
            os.environ.setdefault(name, threads)
    gc.set_threshold(*RARELY)
    others = rivals()
    if others:
        print(
            f"convergence: warning: {' and '.join(others)} also installs the import name "
            "'convergence', and one overwrites the other's files; keep convergence-lab in an "
            "environment of its own.",
            file=sys.stderr,
        )


def keep_programs(folder: Path) -> None:
    """Before JAX is imported: keep what it compiles in `folder`, and find it again: in a part of it
    that is named by jaxlib, the processor and the flags of XLA, since a program made for others may
    compute something else or not run at all."""
    require(
        "jax" not in sys.modules,  # it has read what is set here
        "--programs where JAX is imported already",
        "a process that begins with it",
        "say it on the command line",
    )
    jaxlib, flags = metadata.version("jaxlib"), os.environ.get("XLA_FLAGS", "")
    made_for = hashlib.sha256(f"{_processor()}\n{flags}".encode()).hexdigest()[:12]
    place = folder.absolute() / f"jaxlib-{jaxlib}-{platform.machine()}-{made_for}"
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(place)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


def _processor() -> str:
    """Its name, and what it can do where the system says so."""
    with contextlib.suppress(OSError, UnicodeError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        found = [line for line in lines if line.startswith(("model name", "flags", "Features"))]
        if found:
            return "\n".join(sorted(set(found)))
    return platform.processor()


def rivals() -> list[str]:
    """Other installed distributions that own the import name `convergence`."""
    owners = {found.name for found in metadata.distributions() if owns(found)}
    return sorted(name for name in owners if name.lower().replace("_", "-") != "convergence-lab")


def owns(found: Any) -> bool:
    """Whether a distribution installs the import name. `packages_distributions` says it of all,
    and parses what each says of itself, which takes longer than all else that `list` asks."""
    named = (found.read_text("top_level.txt") or "").split()
    files = "" if named else "\n" + (found.read_text("RECORD") or "")
    return "convergence" in named or "\nconvergence/" in files


def provenance(arguments: Any) -> dict[str, Any]:
    """Where, when and with what a run was made; call it after JAX is needed anyway."""
    import jax

    from convergence.digest import versions

    device = jax.devices()[0]
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "platform": device.platform,
        "device": device.device_kind,
        "devices": jax.local_device_count(),
        "dtype": arguments.dtype,
        "rng": arguments.rng,
        "tier": arguments.tier,
        "seed": arguments.seed,
        "seeds": arguments.seeds,
        "alpha": arguments.alpha,
        "targets": [str(target) for target in arguments.targets],
        "certificate": str(arguments.certificate) if vars(arguments).get("certificate") else None,
    }
