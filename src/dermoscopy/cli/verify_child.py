"""One of the two trainings of `dermoscopy verify-determinism`: python -m dermoscopy.cli.verify_child MEMBER FOLDER."""

import json
import sys
from pathlib import Path

from dermoscopy.dataset.fitting import read_train_and_val
from dermoscopy.errors import UserError
from dermoscopy.evaluation.protocol import read_audited
from dermoscopy.params.file import load
from dermoscopy.params.models import with_optimizer
from dermoscopy.params.tree import Params
from dermoscopy.training.brief import few, one_epoch_a_phase
from dermoscopy.training.member import Outputs, train_member


def train_briefly(member: str, folder: Path) -> None:
    """Train a member as the train stage does, but for few photographs and one epoch a phase; leave what it used.

    Args:
        member: Its name.
        folder: Everything it writes goes into this one.
    """
    params = load("", Params)
    parameters = with_optimizer(one_epoch_a_phase(getattr(params.models, member)), params.optimizer)
    train, val = read_train_and_val(Path("data/split"), read_audited(Path("data/audited")))
    used = train_member(
        member,
        parameters,
        few(train, params.training.batch_size),
        few(val, params.training.batch_size),
        training=params.training,
        runtime=params.runtime,
        seed=params.seed,
        protocol="",
        versions={},
        weights=Path("data/weights"),
        checkpoints=folder / "checkpoints",
        outputs=Outputs(folder / "model", folder / "curve.csv", folder / "metrics.json"),
    )
    (folder / "used.json").write_text(json.dumps(used))


if __name__ == "__main__":
    try:
        train_briefly(sys.argv[1], Path(sys.argv[2]))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
