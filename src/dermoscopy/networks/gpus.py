"""The GPUs of this machine, by the names CUDA_VISIBLE_DEVICES takes."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

DRIVER = Path("/proc/driver/nvidia/gpus")


def visible(environment: Mapping[str, str], driver: Path = DRIVER) -> list[str]:
    """Return the GPUs a process may use; none where there is no driver.

    Args:
        environment: Whose CUDA_VISIBLE_DEVICES, which SLURM and others set, says which; without it, all.
        driver: Where NVIDIA's driver tells of them if `nvidia-smi` is not there.
    """
    if "CUDA_VISIBLE_DEVICES" in environment:
        named = environment["CUDA_VISIBLE_DEVICES"].split(",")
        return [name.strip() for name in named if name.strip() not in {"", "-1", "none", "NoDevFiles"}]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
        told = listed.stdout if listed.returncode == 0 else ""
    except OSError:
        told = "".join(path.read_text() for path in sorted(driver.glob("*/information")))
    # Numbers would not do: nvidia-smi counts by slot, CUDA by speed.
    return re.findall(r"^GPU .*UUID:\s*(GPU-[\w-]+)", told, flags=re.MULTILINE)


def shares(gpus: Sequence[str], devices: int) -> list[str]:
    """Return what a branch may be given, as CUDA_VISIBLE_DEVICES takes it: so many GPUs, or all of too few.

    Args:
        gpus: All of them; those left over are given to none.
        devices: How many a member trains on, `runtime.devices`.
    """
    whole = range(0, len(gpus) - devices + 1, devices)
    return [",".join(gpus[start : start + devices]) for start in whole] or [",".join(gpus)] * bool(gpus)


def idlest(shares: Sequence[str], used: Sequence[str | None]) -> str | None:
    """Return the share of GPUs that the fewest use, of equals the first; none if there is none.

    Args:
        shares: All of them.
        used: The one each running branch was given.
    """
    return min(shares, key=used.count, default=None)
