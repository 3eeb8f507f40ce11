"""Starting weights that are not there, and members that name none that are."""

import re
from collections.abc import Mapping

from dermoscopy.archive.hashes import sha256
from dermoscopy.archive.paths import absence, expand
from dermoscopy.archive.weights import PUBLISHED
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.params.data import Weights
from dermoscopy.params.models import Transfer
from dermoscopy.params.nearest import nearest_word


def weights_problems(weights: Mapping[str, Weights]) -> list[str]:
    """Return what is wrong with `data.weights`, one line a problem.

    Args:
        weights: Name to source and sha256.
    """
    problems = []
    for name, entry in weights.items():
        key = f"data.weights.{name}"
        if name == "none" or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            problems.append(f"{key}: not a name; expected letters, digits, - and _, and not none.")
        elif entry.source == "imagenet":
            if name not in BACKBONES:
                problems.append(f"{key}.source: received 'imagenet'; that is there for {', '.join(BACKBONES)} only.")
        elif entry.source != "none":
            problems += _file_problems(key, entry)
    return problems


def _file_problems(key: str, entry: Weights) -> list[str]:
    path = expand(entry.source)
    absent = absence(path)
    expected = "expected none, imagenet or the path of a file"
    if absent or not path.is_file():
        meant = nearest_word(entry.source, ("none", "imagenet"))
        question = f" Did you mean {meant}?" if meant else ""
        return [f"{key}.source: received {entry.source!r}; {expected}, and this {absent or 'is a folder'}.{question}"]
    if entry.sha256 is None:
        return []
    try:
        received = sha256(path)
    except OSError as error:
        return [f"{key}.source: received {entry.source!r}; it cannot be read ({error.strerror})."]
    if received == entry.sha256:
        return []
    return [f"{key}.sha256: received {entry.sha256}; {entry.source} hashes to {received}."]


def member_weights_problems(name: str, member: Transfer, weights: Mapping[str, Weights]) -> list[str]:
    """Return what is wrong with the starting weights a member names: one line, or none.

    Args:
        name: The member's.
        member: Its parameters.
        weights: `data.weights`.
    """
    if member.weights == "none":
        return []
    key = f"models.{name}.weights: received {member.weights!r}; "
    if member.weights not in weights:
        meant = nearest_word(member.weights, ("none", *weights))
        question = f" Did you mean {meant}?" if meant else ""
        line = f"{key}expected none or a key of data.weights ({', '.join(weights)})."
        if member.weights == "imagenet":
            question = f" Set data.weights.{member.backbone}.source to imagenet, and this to {member.backbone}."
        return [line + question]
    source = weights[member.weights].source
    if source == "none":
        return [
            f"{key}data.weights.{member.weights}.source is none. Set that to imagenet, which downloads "
            f"{PUBLISHED[member.backbone].name}, or to the path of that file, or this to none."
        ]
    if source == "imagenet" and member.weights in BACKBONES and member.weights != member.backbone:
        return [f"{key}these are of {member.weights}, and the backbone is {member.backbone}."]
    return []
