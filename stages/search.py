"""Train small CNNs sampled from a space and rank them on val."""

import json
import logging
from pathlib import Path

from dermoscopy.core.params import Count, load
from dermoscopy.core.protocol import protocol_title, read_audited_protocol
from dermoscopy.core.splits import read_train_and_val
from dermoscopy.core.stage import checkpoints, run
from dermoscopy.networks.params import Runtime, Training
from dermoscopy.search.params import Search
from dermoscopy.search.results import member_titles
from dermoscopy.search.search import run_search, write_search
from dermoscopy.train.settings import TrainSettings

logger = logging.getLogger("dermoscopy.search")


def search() -> None:
    """Train small CNNs sampled from a space and rank them on val; an interrupted search keeps its finished trials."""
    parameters, training = load("search", Search), load("training", Training)
    protocol = read_audited_protocol(Path("data/audited"))
    train, val = read_train_and_val(Path("data/split"), protocol)
    settings = TrainSettings(
        training=training,
        runtime=load("runtime", Runtime),
        seed=load("seed", Count),
        protocol=protocol_title(protocol),
        versions=json.loads(Path("data/environment.json").read_text()),
    )
    trial_results = run_search(train, val, parameters, settings, checkpoints())
    ranked = write_search(trial_results, parameters, settings, Path("data/search"))
    for row in ranked.head(len(parameters.promote)).itertuples(index=False):
        logger.info("%d. trial %d (%s), %s %.4f", row.rank, row.trial, row.name, training.monitor, row.score)
    members = member_titles(parameters.promote)
    logger.info("To use them as %s: dvc exp run $(dermoscopy overrides data/search/best.yaml)", members)


if __name__ == "__main__":
    run(search)
