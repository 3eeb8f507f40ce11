"""Write the simulated dataset, in the layout of HAM10000."""

import json
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import pandas as pd
from PIL import Image

from dermoscopy.core.interrupt import no_interrupts
from dermoscopy.core.metrics import roc_auc
from dermoscopy.core.tables import DATASET, LATENT_SCORES
from dermoscopy.ham10000.metadata import COLUMNS, IMAGE_FOLDERS, METADATA
from dermoscopy.simulate.appearance import LOOKS, blend, sample_signs
from dermoscopy.simulate.cameras import CAMERAS
from dermoscopy.simulate.image import render_image, sample_skin_tone
from dermoscopy.simulate.lesion import draw_lesion
from dermoscopy.simulate.metadata import sample_table
from dermoscopy.simulate.noise import Stream, generator
from dermoscopy.simulate.params import Simulate

logger = logging.getLogger(__name__)

T = TypeVar("T")

QUALITY = 92  # JPEG quality
MIN_LESIONS_FOR_PROCESSES = 100  # with fewer lesions, starting processes costs more time than it saves


class LesionSpec(NamedTuple):
    """A lesion to draw: its number, what decides its appearance, its camera, and the files of its images."""

    number: int
    score: float
    look: str
    shade: str
    camera: str
    files: list[tuple[int, Path, Path]]  # number of the image, file of the image, file of its mask


def simulate(params: Simulate, raw: Path, truth: Path) -> None:
    """Write the dataset in the layout of HAM10000, and its ground truth.

    Every lesion and every image has its own random stream, so the bytes depend
    on the parameters only, not on the number of processes.

    Args:
        params: The `simulate` block.
        raw: Folder for HAM10000_images_part_1/, HAM10000_images_part_2/, HAM10000_metadata.csv.
        truth: Folder for scores.csv, ceiling.json (ROC AUC of the latent score) and masks/.
    """
    table = sample_table(params)
    folders = {part: raw / name for part, name in enumerate(IMAGE_FOLDERS, start=1)}
    masks = truth / "masks"
    for folder in (*folders.values(), masks):
        folder.mkdir(parents=True, exist_ok=True)

    table[[*COLUMNS, DATASET]].to_csv(raw / METADATA, index=False, lineterminator="\n")
    latent = table[["image_id", "lesion_id", "latent"]].rename(columns={"latent": "score"})
    LATENT_SCORES.write(latent, truth / "scores.csv")
    ceiling = {"roc_auc": roc_auc(table["malignant"].to_numpy(), table["latent"].to_numpy())}
    (truth / "ceiling.json").write_text(json.dumps(ceiling, indent=2) + "\n")
    _draw_all(params, _lesion_specs(table, folders, masks))


def _lesion_specs(table: pd.DataFrame, folders: dict[int, Path], masks: Path) -> list[LesionSpec]:
    specs: dict[int, LesionSpec] = {}
    for row in table.to_dict("records"):
        spec = LesionSpec(row["lesion"], row["score"], row["look"], row["shade"], row[DATASET], [])
        image = folders[row["part"]] / f"{row['image_id']}.jpg"
        mask = masks / f"{row['image_id']}_segmentation.png"
        specs.setdefault(spec.number, spec).files.append((row["image"], image, mask))
    return list(specs.values())


def _draw_all(params: Simulate, specs: Sequence[LesionSpec]) -> None:
    """Draw all lesions, with one process per processor, or in this process if none can be started."""
    draw = partial(_draw, params)
    processes = os.cpu_count() or 1
    if processes > 1 and len(specs) >= MIN_LESIONS_FOR_PROCESSES:
        try:
            run_in_processes(draw, specs, processes)
            return
        except (BrokenProcessPool, OSError) as error:
            logger.warning("Simulating in one process, since others could not be started: %s", error)
    for spec in specs:
        draw(spec)


def run_in_processes(function: Callable[[T], None], items: Sequence[T], processes: int) -> None:
    """Call a function with each item, in other processes, which end with this one.

    Args:
        function: Function of a module, or a partial of one.
        items: Arguments of the function.
        processes: Number of processes.
    """
    with no_interrupts():
        pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _end_with_parent)
        done = pool.map(function, items, chunksize=8)
    with pool:
        for _ in done:
            pass


def _draw(params: Simulate, spec: LesionSpec) -> None:
    rng = generator(params.seed, Stream.LESION, spec.number)
    signs = sample_signs(rng, spec.score, params.separation)
    look = blend(LOOKS[spec.look], LOOKS[spec.shade], rng.uniform(0, 0.5))
    tone = sample_skin_tone(rng)
    lesion = draw_lesion(rng, look, signs, params.height)
    for number, path, mask in spec.files:
        image_rng = generator(params.seed, Stream.IMAGE, spec.number, number)
        camera = CAMERAS[spec.camera].look.scaled(params.cameras)
        image, inside = render_image(image_rng, lesion, tone, (params.height, params.width), params.noise, camera)
        Image.fromarray(image).save(path, quality=QUALITY)
        Image.fromarray(inside).save(mask)


def _end_with_parent() -> None:
    """End a worker process when its parent is killed; otherwise it would wait for work forever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
