"""The whole of params.yaml; of the stages only `check` reads it at once."""

from dermoscopy.params.augment import Augment
from dermoscopy.params.baselines import Baselines
from dermoscopy.params.block import Block, Count
from dermoscopy.params.data import Data
from dermoscopy.params.ensemble import Ensemble
from dermoscopy.params.evaluate import Evaluate
from dermoscopy.params.explain import Explain
from dermoscopy.params.merge import Merge
from dermoscopy.params.models import Models
from dermoscopy.params.optimizers import Optimizer
from dermoscopy.params.policy import Policy
from dermoscopy.params.predict import Predict
from dermoscopy.params.report import Report
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.search import Search
from dermoscopy.params.simulate import Simulate
from dermoscopy.params.split import Split
from dermoscopy.params.training import Training


class Params(Block):
    """params.yaml."""

    optimizer: Optimizer | None
    seed: Count
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
    evaluate: Evaluate
    explain: Explain
    report: Report
