"""Describe what a run used: its profile, the part of the dataset, and the members with their networks."""

from typing import Any

from dermoscopy.augment.params import Augment
from dermoscopy.core.tables import DIAGNOSES
from dermoscopy.networks.build import NO_WEIGHTS
from dermoscopy.networks.params import SmallCNN, Training, Transfer
from dermoscopy.report.blocks import Block, TrainedPhase, blocks, count_weights, trained_phases
from dermoscopy.report.diagrams import network_diagram, trained_layers
from dermoscopy.report.formatting import classifier, count, opening, plural
from dermoscopy.report.inputs import Parameters, Sources


def about_run(sources: Sources, parameters: Parameters) -> dict[str, Any]:
    """Return the values that the templates show about what a run used.

    Args:
        sources: Outputs of the other stages.
        parameters: Parameters of the report.
    """
    return {
        "profile": parameters.report.profile,
        "sampled": parameters.merge.lesions is not None,
        "recognizable": recognizable(parameters.augment, parameters.training),
        "used_images": used_images(sources, parameters.merge.lesions),
        "train_images": _train_images(sources),
        "used_members": [
            (classifier(name), describe_member(member, _epochs(sources, name)))
            for name, member in parameters.models.items()
        ],
    }


def about_networks(sources: Sources, parameters: Parameters, suffix: str) -> list[dict[str, Any]]:
    """Return the diagram of each member, with what its caption says.

    Args:
        sources: Outputs of the other stages.
        parameters: Parameters of the report.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
    """
    classes = output_classes(parameters.training)
    networks = []
    for name, member in parameters.models.items():
        drawn = blocks(member, classes)
        networks.append(
            {
                "diagram": network_diagram(name, member, classes, suffix),
                "used": describe_member(member, _epochs(sources, name)),
                "parameters": count_weights(drawn),
                "layers": sum(block.backbone_layers for block in drawn),
                "phases": _phases(trained_phases(member), drawn, parameters.training.patience is not None),
                "frozen_batch_norm": isinstance(member, Transfer)
                and member.weights != NO_WEIGHTS
                and member.frozen_batch_norm,
            }
        )
    return networks


def output_classes(training: Training) -> int:
    """Return the number of classes that the members predict."""
    return 1 if training.target == "binary" else len(DIAGNOSES)


def _phases(phases: list[TrainedPhase], drawn: list[Block], stops_early: bool) -> list[str]:
    """Return a sentence for each phase on the layers that it trains."""
    most = "at most " if stops_early else ""
    if len(phases) == 1:
        return [f"{opening(trained_layers(phases[0], drawn))} are trained."]
    return [
        f"Phase {number} ({most}{plural(phase.epochs, 'epoch')}) trains {trained_layers(phase, drawn)}."
        for number, phase in enumerate(phases, 1)
    ]


def recognizable(augment: Augment, training: Training) -> str:
    """Return a warning if a network can recognise augmented images; empty if not (docs/explanation/training.md).

    Args:
        augment: Parameters of the augmented images.
        training: Parameters of the training: its random flips make originals and augmented images alike.
    """
    changed = augment.scale or augment.crop or augment.translate
    if not augment.balance or not (changed or not training.augment.flip):
        return ""
    return (
        "A network can distinguish the augmented images of this run from original ones, and all of them are malignant: "
        "it may learn this instead of the lesions."
    )


def used_images(sources: Sources, sampled: int | None) -> str:
    """Return how many of the images and lesions of the dataset were used, and why not all.

    Args:
        sources: Outputs of the other stages.
        sampled: Size of the random sample of lesions; None if there is none.
    """
    images, total = sources.data["images"]["all"], sources.dataset.images
    of_images = f"{count(images)} of {count(total)} images" if total and total != images else plural(images, "image")
    lesions = plural(sources.data["lesions"]["all"], "lesion")
    if sampled is not None:
        return f"{of_images}: a random sample of {lesions}"
    left_out = sum(sources.data["left_out"].values())
    return f"{of_images}, {lesions}" + (f"; invalid and left out: {count(left_out)}" if left_out else "")


def describe_member(member: Transfer | SmallCNN, epochs: int) -> str:
    """Return the size of the images, the trained epochs, the starting weights and the last layer of a member.

    Args:
        member: Parameters of the member.
        epochs: Number of trained epochs.
    """
    size = f"images of {member.image_size} × {member.image_size} pixels, {plural(epochs, 'epoch')}"
    if isinstance(member, SmallCNN):
        return size
    weights = "random starting weights" if member.weights == NO_WEIGHTS else f"starting weights {member.weights}"
    layers = f", layers up to {member.output_layer}" if member.output_layer else ""
    return f"{size}, {weights}{layers}"


def _epochs(sources: Sources, member: str) -> int:
    return int(sources.curves.loc[sources.curves["name"] == member, "epoch"].max())


def _train_images(sources: Sources) -> str:
    """Return the numbers of original and augmented images in train."""
    train = sources.diagnoses[sources.diagnoses["split"] == "train"]
    augmented = sources.audit.get("splits", {}).get("train", {}).get("augmented", 0)
    return f"{plural(int(train['images'].sum()), 'original image')} and {plural(augmented, 'augmented image')}"
