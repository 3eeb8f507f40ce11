"""Images that are not dermatoscopic, in groups, for suitability.py: samples, screenshots, plots, noise, blank.

The samples are those that come with the packages scikit-image, scikit-learn and matplotlib; nothing is downloaded.
"""

import io
import itertools
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Images = list[Image.Image]

SAMPLES = {"scikit-image": "skimage/data", "scikit-learn": "sklearn/datasets/images"}
MATPLOTLIB = ("grace_hopper.jpg", "Minduka_Present_Blue_Pack.png", "logo2.png")
SMALLEST = 150  # width and height of a sample in pixels; smaller ones would be refused for their size
SKIN = ((224, 172, 150), (235, 190, 170), (200, 140, 120), (160, 110, 90), (240, 205, 190))  # red, green, blue
CROPS = (2, 4)  # a crop has the size of the sample divided by this; it is enlarged again to `SMALLEST` if needed
WINDOWS = ((1280, 800), (390, 844))  # width and height of a desktop and of a phone, in pixels
BROWSER = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
STYLE = "body {{ font: 16px sans-serif; margin: 24px; color: {ink}; background: {paper} }} pre {{ background: #8883 }}"
COLOURS = ({"ink": "#222", "paper": "#fff"}, {"ink": "#ddd", "paper": "#181818"})
COLOUR_MAPS = ("viridis", "magma", "copper", "Reds", "coolwarm")
REPEATS = 10  # random images of each kind


def groups() -> dict[str, Images]:
    """Return the images of each group."""
    samples = {package: _samples(package, folder) for package, folder in SAMPLES.items()}
    samples["matplotlib"] = [_open(_package("matplotlib") / "mpl-data/sample_data" / name) for name in MATPLOTLIB]
    every = list(itertools.chain.from_iterable(samples.values()))
    crops = {
        f"crops of the samples, 1/{part}": [crop for image in every for crop in _crops(image, part)] for part in CROPS
    }
    return {
        **{f"samples of {package}": images for package, images in samples.items()},
        **crops,
        "screenshots of the documentation": list(_screenshots()),
        "charts of the documentation": [_open(Path("docs/images", name)) for name in ("roc.png", "roc_auc.png")],
        "plots": list(_plots()),
        "noise": list(_noise()),
        "blank": list(_blank()),
        "gradients": list(_gradients()),
    }


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"The package {name} is missing: pip install scikit-image")
    return Path(spec.origin).parent


def _open(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _samples(package: str, folder: str) -> Images:
    root = _package(folder.partition("/")[0]).parent / folder
    images = [_open(path) for path in sorted(root.iterdir()) if path.suffix in (".png", ".jpg")]
    return [image for image in images if min(image.size) >= SMALLEST]


def _crops(image: Image.Image, part: int) -> Iterator[Image.Image]:
    """Yield the crops of a grid without gaps, at most nine from the middle of the image."""
    width, height = image.width // part, image.height // part
    offsets = range(part) if part < 3 else range(1, part - 1)
    for column, row in itertools.product(offsets, offsets):
        crop = image.crop((column * width, row * height, (column + 1) * width, (row + 1) * height))
        factor = max(1, SMALLEST / min(crop.size))
        yield crop.resize((round(crop.width * factor), round(crop.height * factor)), Image.Resampling.BICUBIC)


def _screenshots() -> Iterator[Image.Image]:
    """Yield pages of the documentation in a browser, as on a desktop and on a phone, in light and dark colours."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    with TemporaryDirectory() as folder:
        page, shot = Path(folder, "page.html"), Path(folder, "page.png")
        for number, path in enumerate([Path("README.md"), *sorted(Path("docs").rglob("*.md"))]):
            style = STYLE.format(**COLOURS[number % len(COLOURS)])
            text = parser.render(path.read_text())
            page.write_text(
                f"<meta charset=utf-8><base href='{path.parent.resolve().as_uri()}/'><style>{style}</style>{text}"
            )
            for width, height in WINDOWS:
                size = f"--window-size={width},{height}"
                subprocess.run([*BROWSER, size, f"--screenshot={shot}", page.as_uri()], check=True, capture_output=True)
                yield _open(shot)


def _plots() -> Iterator[Image.Image]:
    """Yield plots of seven kinds with random data, in several colours."""
    from matplotlib.figure import Figure

    rng = np.random.default_rng(1)
    for number in range(REPEATS):
        for kind in range(7):
            figure = Figure(figsize=(6, 4.5), dpi=100)
            _draw(figure.subplots(), kind, COLOUR_MAPS[number % len(COLOUR_MAPS)], rng)
            stream = io.BytesIO()
            figure.savefig(stream)
            yield Image.open(stream).convert("RGB")


def _draw(axes: "Axes", kind: int, colours: str, rng: np.random.Generator) -> None:
    from matplotlib import colormaps

    x, y = np.sort(rng.normal(size=60)), np.cumsum(rng.normal(size=60))
    palette = colormaps[colours](np.linspace(0, 1, 8))
    field = np.add.outer(np.sin(rng.uniform(1, 4) * x), np.cos(rng.uniform(1, 4) * x))
    match kind:
        case 0:
            axes.plot(x, y)
        case 1:
            axes.scatter(x, y, c=y, s=90, cmap=colours)
        case 2:
            axes.bar(range(8), np.abs(y[:8]), color=palette)
        case 3:
            axes.hist(y, 20)
        case 4:
            axes.pie(np.abs(y[:8]) + 0.1, colors=palette)
        case 5:
            axes.contourf(field, cmap=colours)
        case _:
            axes.imshow(rng.normal(size=(12, 12)), cmap=colours)


def _noise() -> Iterator[Image.Image]:
    """Yield noise of seven kinds: uniform, normal about grey or skin, grey, salt and pepper, blocks, 1 / frequency."""
    rng = np.random.default_rng(2)
    shape = (450, 600, 3)
    for number in range(REPEATS):
        skin = np.array(SKIN[number % len(SKIN)])
        spread = 10 * (number % 5 + 2)
        kinds = (
            rng.uniform(0, 255, shape),
            rng.normal(128, spread, shape),
            skin + rng.normal(0, spread, shape),
            np.repeat(rng.normal(128, spread, (450, 600, 1)), 3, axis=2),
            np.where(rng.random((450, 600, 1)) < 0.3, rng.choice([0, 255], (450, 600, 1)), skin),
            np.kron(rng.uniform(0, 255, (45, 60, 3)), np.ones((10, 10, 1))),
            128 + spread * _one_over_frequency(rng, shape),
        )
        yield from map(_as_image, kinds)


def _one_over_frequency(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(shape[1]), np.fft.fftfreq(shape[0])))
    frequency[0, 0] = np.inf
    filtered = np.fft.ifft2(np.fft.fft2(rng.normal(size=shape), axes=(0, 1)) / frequency[..., None], axes=(0, 1)).real
    return filtered / filtered.std()


def _blank() -> Iterator[Image.Image]:
    """Yield images of one colour: black, white, greys, skin, random colours."""
    rng = np.random.default_rng(3)
    greys = [(value,) * 3 for value in (0, 40, 128, 220, 255)]
    for colour in [*greys, *SKIN, *(tuple(map(int, rng.integers(0, 256, 3))) for _ in range(REPEATS))]:
        yield Image.new("RGB", (600, 450), colour)


def _gradients() -> Iterator[Image.Image]:
    """Yield smooth gradients between two colours, straight and round; half of them between colours of skin."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[-1:1:450j, -1:1:600j]
    for number in range(2 * REPEATS):
        colours = rng.integers(0, 256, (2, 3)) if number % 2 else np.array([SKIN[number % 5], SKIN[(number + 2) % 5]])
        weight = (x + 1) / 2 if number % 4 < 2 else np.clip(np.hypot(x, y), 0, 1)
        yield _as_image(colours[0] + weight[..., None] * (colours[1] - colours[0]))


def _as_image(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
