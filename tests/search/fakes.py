"""Trials that train nothing, which other processes can import."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from dermoscopy.search.space import Trial
from dermoscopy.search.trial import Record


@dataclass(frozen=True, eq=False)
class Fake:
    """A task that leaves a file each time it is begun, and kills its process the first few times."""

    trial: Trial
    folder: Path
    deaths: int = 0
    seconds: float = 0.0

    @property
    def __name__(self) -> str:
        return f"trial_{self.trial.number}"

    def __call__(self) -> tuple[int, Record]:
        begun = len(list(self.folder.glob(f"{self.trial.number}-*")))
        (self.folder / f"{self.trial.number}-{begun}-{os.getpid()}").touch()
        time.sleep(self.seconds)
        if begun < self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.trial.number, Record((), self.trial.number, over=True)
