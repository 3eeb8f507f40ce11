"""All of params.yaml as one class; only the check stage reads the whole file."""

from pydantic import Field

from dermoscopy.acquire.params import Data
from dermoscopy.augment.params import Augment
from dermoscopy.baselines.params import Baselines
from dermoscopy.core.params import Block, Count
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.explain.params import Explain
from dermoscopy.merge.params import Merge
from dermoscopy.networks.params import Models, Optimizer, Runtime, Training
from dermoscopy.predict.params import Predict
from dermoscopy.report.params import Report
from dermoscopy.search.params import Search
from dermoscopy.simulate.params import Simulate
from dermoscopy.split.params import Policy, Split
from dermoscopy.suitability.params import Suitability


class Params(Block):
    """All parameters of params.yaml."""

    optimizer: Optimizer | None = Field(
        description="Replaces the optimizer of all members; each then has its rate in models.<member>.learning_rates. "
        "null keeps each member's own."
    )
    seed: Count = Field(
        description="Seed of initial weights, batches, augmented images and the search. The splits have their own: "
        "split.seed."
    )
    runtime: Runtime
    training: Training
    data: Data
    simulate: Simulate
    merge: Merge
    policy: Policy
    split: Split
    augment: Augment
    models: Models
    search: Search
    predict: Predict
    ensemble: Ensemble
    baselines: Baselines
    suitability: Suitability
    evaluate: Evaluate
    explain: Explain
    report: Report
