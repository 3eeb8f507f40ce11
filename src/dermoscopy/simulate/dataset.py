"""Write the embedded dataset: HAM10000's files, with images that were never anyone's skin."""

import json
import logging
import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from PIL import Image

from dermoscopy.core.metrics import roc_auc
from dermoscopy.core.tables import LATENT_SCORES
from dermoscopy.ham10000.metadata import COLUMNS, IMAGE_FOLDERS, METADATA
from dermoscopy.simulate.appearance import LOOKS, blend, draw_signs
from dermoscopy.simulate.image import draw_tone, take_image
from dermoscopy.simulate.lesion import draw_lesion
from dermoscopy.simulate.metadata import draw_table
from dermoscopy.simulate.noise import Stream, generator
from dermoscopy.simulate.params import Simulate

logger = logging.getLogger(__name__)

QUALITY = 92  # of the JPEG files
FEW = 100  # lesions below which starting processes costs more than it saves


class Sitter(NamedTuple):
    """A lesion to draw: its number, what decides its looks, and its images' files."""

    number: int
    score: float
    look: str
    shade: str
    files: list[tuple[int, Path, Path]]  # number of the image, its file, its mask's


def simulate(params: Simulate, raw: Path, truth: Path) -> None:
    """Write the dataset as HAM10000 is published, and beside it what only its maker knows.

    Every lesion and every image is drawn from its own random stream, so that the bytes depend
    on the parameters only, not on the number of processes.

    Args:
        params: The `simulate` block.
        raw: Folder for HAM10000_images_part_1/, HAM10000_images_part_2/, HAM10000_metadata.csv.
        truth: Folder for scores.csv, ceiling.json (the latent score's own ROC AUC) and masks/.
    """
    table = draw_table(params)
    folders = {part: raw / name for part, name in enumerate(IMAGE_FOLDERS, start=1)}
    masks = truth / "masks"
    for folder in (*folders.values(), masks):
        folder.mkdir(parents=True, exist_ok=True)

    table[list(COLUMNS)].to_csv(raw / METADATA, index=False, lineterminator="\n")
    LATENT_SCORES.write(table[list(LATENT_SCORES.columns)], truth / "scores.csv")
    ceiling = {"roc_auc": roc_auc(table["malignant"].to_numpy(), table["score"].to_numpy())}
    (truth / "ceiling.json").write_text(json.dumps(ceiling, indent=2) + "\n")
    _draw_all(params, _sitters(table, folders, masks))


def _sitters(table: pd.DataFrame, folders: dict[int, Path], masks: Path) -> list[Sitter]:
    sitters: dict[int, Sitter] = {}
    for row in table.to_dict("records"):
        new = Sitter(row["lesion"], row["score"], row["look"], row["shade"], [])
        image = folders[row["part"]] / f"{row['image_id']}.jpg"
        mask = masks / f"{row['image_id']}_segmentation.png"
        sitters.setdefault(new.number, new).files.append((row["image"], image, mask))
    return list(sitters.values())


def _draw_all(params: Simulate, sitters: Sequence[Sitter]) -> None:
    """Draw in as many processes as there are processors; where none can be started, in this one."""
    draw = partial(_draw, params)
    processes = os.cpu_count() or 1
    if processes > 1 and len(sitters) >= FEW:
        context = multiprocessing.get_context("spawn")
        try:
            with ProcessPoolExecutor(processes, context, _end_with_parent) as pool:
                for _ in pool.map(draw, sitters, chunksize=8):
                    pass
            return
        except (BrokenProcessPool, OSError) as error:
            logger.warning("Drawing in one process: %s", error)
    for sitter in sitters:
        draw(sitter)


def _draw(params: Simulate, sitter: Sitter) -> None:
    rng = generator(params.seed, Stream.LESION, sitter.number)
    signs = draw_signs(rng, sitter.score, params.separation)
    look = blend(LOOKS[sitter.look], LOOKS[sitter.shade], rng.uniform(0, 0.5))
    tone = draw_tone(rng)
    lesion = draw_lesion(rng, look, signs, params.height)
    for number, path, mask in sitter.files:
        own = generator(params.seed, Stream.IMAGE, sitter.number, number)
        image, inside = take_image(own, lesion, tone, (params.height, params.width), params.noise)
        Image.fromarray(image).save(path, quality=QUALITY)
        Image.fromarray(inside).save(mask)


def _end_with_parent() -> None:
    """Let a worker end when its parent is killed, rather than wait for work for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
