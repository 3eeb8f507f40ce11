import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageChops, UnidentifiedImageError

from dermoscopy.explain.activations import Maps
from dermoscopy.explain.figures import DPI, caption, mask, save, thumbnail
from dermoscopy.explain.gallery import draw_gallery
from dermoscopy.explain.maps import ModelInput, draw_maps, mosaic, stretch


@pytest.fixture
def rows(tmp_path):
    rng = np.random.default_rng(1)
    paths = {}
    for number in range(4):
        paths[f"ISIC_{number}"] = tmp_path / f"ISIC_{number}.jpg"
        Image.fromarray(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)).save(paths[f"ISIC_{number}"])
    table = pd.DataFrame({"image_id": list(paths), "dx": "mel", "label": [1, 1, 0, 0], "probability": 0.25})
    return table, paths


def heat(paths):
    return dict.fromkeys(paths, np.eye(4, dtype=np.float32))


def test_a_channel_is_scaled_over_all_images():
    values = np.zeros((2, 1, 2, 2), dtype=np.float32)
    values[..., 0] = [[[2, 4]], [[6, 10]]]
    values[..., 1] = 7
    stretched = stretch(values)
    assert stretched[..., 0].ravel().tolist() == [0, 0.25, 0.5, 1]
    assert not stretched[..., 1].any()


def test_the_mosaic_has_channels_in_reading_order():
    values = np.stack([np.full((2, 2), value) for value in (0.1, 0.2, 0.3)], axis=-1)
    grid = mosaic(values, 23)
    assert grid.shape == (23, 23)
    assert (grid[0, 0], grid[0, -1], grid[-1, 0]) == (0.1, 0.2, 0.3)
    assert np.isnan(grid[-1, -1])
    assert np.isnan(grid[:, 11]).all()


def test_a_thumbnail_keeps_the_aspect_ratio(rows):
    assert thumbnail(rows[1]["ISIC_0"], 20).shape == (15, 20, 3)


def test_a_caption_has_id_diagnosis_and_label(rows):
    assert caption(rows[0].iloc[2]) == "ISIC_2\nmel · benign"


def test_a_missing_or_uniform_mask_is_none(tmp_path):
    def write(name, value):
        Image.fromarray(value).save(tmp_path / f"{name}_segmentation.png")

    square = np.zeros((30, 40), dtype=np.uint8)
    write("none", square)
    write("all", square + 255)
    square[:15] = 255
    write("half", square)
    assert mask(tmp_path, "missing", 10) is None
    assert mask(tmp_path, "none", 10) is None
    assert mask(tmp_path, "all", 10) is None
    assert mask(tmp_path, "half", 10).mean() == 0.5


@pytest.mark.parametrize("inside", [1, 38, 128, 255])
def test_any_two_values_of_a_mask_give_the_same_outline(tmp_path, inside):
    pixels = np.zeros((30, 40), dtype=np.uint8)
    pixels[:15] = inside
    Image.fromarray(pixels).save(tmp_path / "a_segmentation.png")
    expected = np.repeat([True] * 5 + [False] * 5, 10).reshape(10, 10)
    np.testing.assert_array_equal(mask(tmp_path, "a", 10), expected)


def test_a_mask_is_decoded_with_the_formats_of_verification_only(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a_segmentation.png", "TIFF")
    with pytest.raises(UnidentifiedImageError):
        mask(tmp_path, "a", 10)


def test_the_gallery_is_reproducible_byte_for_byte(rows, tmp_path):
    table, paths = rows
    groups = {"false negatives": table.head(2), "false positives": table.head(0)}
    for name in ("one", "two"):
        draw_gallery(groups, {"false negatives": 2, "false positives": 0}, paths, heat(paths), tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.info.keys() <= {"dpi"}


def test_the_users_matplotlibrc_has_no_effect(rows, tmp_path):
    table, paths = rows
    arguments = ({"false negatives": table}, {"false negatives": 4}, paths, heat(paths))
    draw_gallery(*arguments, tmp_path / "default.png")
    with mpl.rc_context({"font.size": 30, "text.color": "red", "savefig.pad_inches": 3, "savefig.dpi": 20}):
        draw_gallery(*arguments, tmp_path / "users.png")
    assert (tmp_path / "users.png").read_bytes() == (tmp_path / "default.png").read_bytes()


@pytest.mark.parametrize("figure", ["gallery", "maps"])
def test_the_warning_of_a_leaky_protocol_is_below_the_title(rows, tmp_path, figure):
    for name, warning in (("clean", ""), ("leaky", "leaky protocol: splits share lesions")):
        path = tmp_path / f"{name}.png"
        if figure == "gallery":
            draw_gallery(
                {"false negatives": rows[0].head(2)}, {"false negatives": 2}, rows[1], heat(rows[1]), path, warning
            )
        else:
            layers = [Maps("conv", 1, np.zeros((1, 2, 2, 1), "f4"))]
            draw_maps("cnn_a", [ModelInput(np.zeros((16, 16, 3), np.uint8), None, "x")], layers, path, warning)
    with Image.open(tmp_path / "clean.png") as clean, Image.open(tmp_path / "leaky.png") as leaky:
        left, top, right, bottom = ImageChops.difference(clean.convert("RGB"), leaky.convert("RGB")).getbbox()
    assert 0.4 * DPI < top < bottom < 0.7 * DPI
    assert left < right < clean.width


def test_activation_maps_are_reproducible_byte_for_byte(tmp_path):
    rng = np.random.default_rng(1)
    lesion = np.zeros((16, 16), dtype=bool)
    lesion[4:9, 4:9] = True
    inputs = [
        ModelInput(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8), outline, "ISIC_0\nmel")
        for outline in (lesion, None)
    ]
    layers = [
        Maps("first", 3, rng.random((2, 8, 8, 3), dtype=np.float32)),
        Maps("second", 1, np.zeros((2, 1, 1, 1), "f4")),
    ]
    for name in ("one", "two"):
        draw_maps("cnn_a", inputs, layers, tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def drawn(monkeypatch, tmp_path, layers):
    """Return the figure of activation maps and its pixels."""
    from dermoscopy.explain import tiles

    figures = []
    monkeypatch.setattr(tiles, "save", lambda figure, path: (figures.append(figure), save(figure, path)))
    rows = len(layers[0].values)
    draw_maps("cnn_a", [ModelInput(np.zeros((16, 16, 3), np.uint8), None, "x")] * rows, layers, tmp_path / "maps.png")
    with Image.open(tmp_path / "maps.png") as image:
        return figures[0], np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 2), (3, 3), (2, 5)])
def test_a_map_of_few_pixels_is_drawn_as_blocks(monkeypatch, tmp_path, height, width):
    values = np.linspace(0, 1, height * width, dtype=np.float32).reshape(1, height, width, 1)
    figure, pixels = drawn(monkeypatch, tmp_path, [Maps("conv", 1, values)])
    tile = figure.axes[1].get_window_extent()
    top, bottom = len(pixels) - round(tile.y1), len(pixels) - round(tile.y0)
    inside = pixels[top + 2 : bottom - 2, round(tile.x0) + 2 : round(tile.x1) - 2]
    # One colour for each pixel of the map: no colour in between, so nothing is smoothed.
    assert len(np.unique(inside.reshape(-1, 3), axis=0)) == height * width


def test_the_size_of_the_maps_is_stated(monkeypatch, tmp_path):
    layers = [
        Maps("convolution 1 of 2", 8, np.zeros((1, 4, 6, 2), "f4")),
        Maps("convolution 2 of 2", 16, np.zeros((1, 2, 2, 2), "f4")),
    ]
    figure, _ = drawn(monkeypatch, tmp_path, layers)
    texts = [text.get_text() for text in figure.texts]
    assert "convolution 1 of 2\n8 channels\n6 × 4 pixels each" in texts
    assert "convolution 2 of 2\n16 channels\n2 × 2 pixels each" in texts
    assert any("One block is one pixel of a map." in text for text in texts)


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_all_texts_are_inside_the_figure(monkeypatch, tmp_path, layers):
    figure, pixels = drawn(
        monkeypatch, tmp_path, [Maps("layer 101 of Inception V3", 512, np.zeros((1, 2, 2, 2), "f4"))] * layers
    )
    for text in figure.texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= pixels.shape[1], text.get_text()
        assert 0 <= box.y0 <= box.y1 <= pixels.shape[0], text.get_text()
