"""Tasks without training, which other processes can import."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from dermoscopy.search.space import Trial
from dermoscopy.search.trial import Record


@dataclass(frozen=True, eq=False)
class FakeTask:
    """A task that writes a file each time it starts, and kills its process the first few times.

    Attributes:
        trial: The trial.
        folder: Folder of the files.
        kills: Number of starts that kill the process.
        seconds: Duration of the task.
    """

    trial: Trial
    folder: Path
    kills: int = 0
    seconds: float = 0.0

    @property
    def __name__(self) -> str:
        return f"trial_{self.trial.number}"

    def __call__(self) -> tuple[int, Record]:
        starts = len(list(self.folder.glob(f"{self.trial.number}-*")))
        (self.folder / f"{self.trial.number}-{starts}-{os.getpid()}").touch()
        time.sleep(self.seconds)
        if starts < self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.trial.number, Record((), self.trial.number, ended=True)
