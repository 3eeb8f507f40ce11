"""Write the bundle: the ensemble in a folder that needs no other file of the project."""

from pathlib import Path

from dermoscopy.acquire.params import Limits
from dermoscopy.bundle.write import Settings, write_bundle
from dermoscopy.core.params import Count, Positive, load
from dermoscopy.core.stage import run
from dermoscopy.evaluate.params import Point
from dermoscopy.networks.params import Runtime
from dermoscopy.predict.params import Predict
from dermoscopy.split.params import Policy, Split


def bundle() -> None:
    """Write weights, networks, calibration and thresholds of the ensemble, its model card and licences."""
    settings = Settings(
        predict=load("predict", Predict),
        runtime=load("runtime", Runtime),
        limits=load("data.limits", Limits),
        point=load("evaluate.point", Point),
        map_size=load("explain.map_size", Positive),
        malignant=load("policy", Policy).malignant.split("+"),
        seed=load("seed", Count),
        split_seed=load("split", Split).seed,
    )
    write_bundle(Path(), settings, Path("data/bundle"))


if __name__ == "__main__":
    run(bundle)
