"""The page of `dvc plots show`: it needs no network and renders every plot of dvc.yaml."""

import http.server
import importlib.util
import re
import socketserver
import threading
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dermoscopy.report.colours import LIGHTNESS, SATURATION, hue
from tests.pipeline.browser import charts, document, rendered
from tests.pipeline.plots import (
    PLOTS,
    TABLES,
    charts_of_own_templates,
    charts_of_tables,
    page_of,
    project_of_plots,
)
from tests.pipeline.project import WITHOUT_NETWORK, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_of_plots(tmp_path / "project")


def test_page_refers_to_no_other_host():
    page = (PLOTS / "page.html").read_text()
    assert "{plot_divs}" in page
    assert "{refresh_tag}" in page
    assert "{scripts}" not in page
    assert len(page) < 1_000_000
    assert not re.search(r"<script[^>]*\ssrc\s*=|<link\b|@import|sourceMappingURL|\bcdn\b|cdn\.|jsdelivr|unpkg", page)


def test_page_is_the_output_of_its_script():
    specification = importlib.util.spec_from_file_location("rebuild_page", PLOTS / "rebuild_page.py")
    rebuild_page = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(rebuild_page)
    page = (PLOTS / "page.html").read_text()
    sources = {
        library.name: re.search(
            rf"<!-- {library.name} {re.escape(library.version)}, [^>]* -->\n<script>\n(.*?)\n</script>", page, re.DOTALL
        )[1]
        for library in rebuild_page.LIBRARIES
    }
    assert rebuild_page.fill((PLOTS / "page_shell.html").read_text(), sources) == page, "run .dvc/plots/rebuild_page.py"
    for name in sources:
        assert "Redistribution" in (PLOTS / "licenses" / f"{name}.txt").read_text()


def test_every_plot_renders_without_network_and_images(project: Project):
    page = page_of(project.done("dvc", "plots", "show"))
    assert not re.search(r"<script[^>]*\ssrc\s*=", page.read_text())
    texts = charts(page)
    assert set(texts) == {name.replace(" ", "_") for name in charts_of_tables()}
    for name, plot in charts_of_tables().items():
        assert plot["title"] in texts[name.replace(" ", "_")]
    assert {"cnn_a", "ensemble"} <= set(texts["ROC"].splitlines())
    at_points = texts["Operating_points"].splitlines()
    assert {"half, threshold 0.500", "sensitive, threshold 0.250", "7", "0", "100.0%", "5", "50.0%"} <= set(at_points)
    assert {"benign", "malignant"} <= set(texts["Confusion_matrix"].splitlines())
    assert {"cnn_a", "ensemble", "chance (prevalence)"} <= set(texts["Precision_and_recall"].splitlines())
    assert {"sensitivity", "specificity", "balanced"} <= set(texts["Thresholds"].splitlines())
    assert {"sensitivity", "specificity"} <= set(texts["Thresholds_of_the_ensemble"].splitlines())
    sizes = texts["Ensemble_sizes"].splitlines()
    assert {"first member: cnn_a", "cnn_a", "+ vgg19", "mean"} <= set(sizes)
    assert "0.60" not in sizes  # the accuracy on val
    of_diagnoses = texts["Confusion_matrix_of_diagnoses"].splitlines()
    assert {"akiec", "bcc", "bkl", "df", "mel", "nv", "vasc", "6", "100%", "50%"} <= set(of_diagnoses)
    assert {"0.800", "prevalence (baseline)", "ensemble"} <= set(texts["ROC_AUC"].splitlines())
    assert {"cnn_a", "thumbnail", "treat all", "treat none"} <= set(texts["Decision_curves"].splitlines())
    assert not {"-8", "−8"} & set(texts["Decision_curves"].splitlines())  # the axis ends just below 0
    assert {"0-0.5", "0.87", "malignant"} <= set(texts["Distribution_of_the_probabilities"].splitlines())
    assert {"train", "val", "cnn_a"} <= set(texts["Accuracy_by_epoch"].splitlines())
    assert {"0.71", "0.62"} <= set(texts["Best_epoch"].splitlines())
    assert {"nv", "41", "9"} <= set(texts["Images_by_diagnosis"].splitlines())
    assert {"nv", "31", "7"} <= set(texts["Lesions_by_diagnosis"].splitlines())
    assert {"of lesions", "0.26", "train", "test"} <= set(texts["Prevalence"].splitlines())
    assert {"4 or more", "0.61", "0.003"} <= set(texts["Images_per_lesion"].splitlines())
    assert {"sex", "0.012"} <= set(texts["Missing_values"].splitlines())
    assert {"male", "0.64", "malignant"} <= set(texts["Sex"].splitlines())
    assert {"lower", "extremity", "0.24", "benign"} <= set(texts["Localization"].splitlines())
    assert {"paper_a", "sampled", "7"} <= set(texts["Search_by_trial"].splitlines())
    assert {"optimizer", "learning", "adam", "sgd", "0.001"} <= set(texts["Search_coordinates"].splitlines())
    assert {"optimizer", "learning_rate"} <= set(texts["Search_importance"].splitlines())
    assert not any("leaky" in text for text in texts.values())


def colours(page: Path) -> dict[str, set[str]]:
    """Return the colours of the lines of each classifier, in all charts of a page."""
    found: dict[str, set[str]] = {}
    pattern = r'<path aria-label="[^"]*(?:classifier|member): (\w+)[^>]* stroke="([^"]+)"'
    for name, colour in re.findall(pattern, document(page)):
        found.setdefault(name, set()).add(colour)
    return found


def test_a_member_has_one_colour_in_all_charts_whatever_the_other_members_are(project: Project):
    def show(*names: str) -> dict[str, set[str]]:
        rows = {
            "roc.csv": [f"{name},{x},{x}" for name in names for x in (0, 1)],
            "curves.csv": [f"{name},{split},1,0.5,0.7,0.5" for name in names for split in ("train", "val")],
            # Greys of strategies and baselines do not shift the colours of the members.
            "decision_curve.csv": [f"{name},member,{x},{x},0,1" for name in names for x in (0.1, 0.2)]
            + [f"{name},strategy,{x},{x},," for name in ("treat all", "treat none") for x in (0.1, 0.2)]
            + [f"{name},baseline,{x},{x},0,1" for name in ("colours", "thumbnail") for x in (0.1, 0.2)],
        }
        for table, lines in rows.items():
            (project.folder / "plots" / table).write_text("\n".join([TABLES[table][0], *lines]) + "\n")
        shown = colours(page_of(project.done("dvc", "plots", "show")))
        return {name: found for name, found in shown.items() if name in names}

    four = ("vgg19", "inception_v3", "cnn_a", "cnn_b")
    expected = {"vgg19": "#4269d0", "inception_v3": "#b97700", "cnn_a": "#d1495b", "cnn_b": "#10a0a0"}
    assert show(*four, "ensemble") == {**{name: {colour} for name, colour in expected.items()}, "ensemble": {"#1d1c1a"}}
    with_fifth = show("cnn_c", *four[::-1], "resnet50")
    assert {name: with_fifth[name] for name in four} == {name: {colour} for name, colour in expected.items()}
    for name in ("cnn_c", "resnet50"):
        [colour] = with_fifth[name]
        assert re.fullmatch(rf"hsl\({hue(name)}, {SATURATION}%, {LIGHTNESS}\.\d+%\)", colour)
    assert show("resnet50", "cnn_b") == {name: with_fifth[name] for name in ("resnet50", "cnn_b")}


def test_two_members_with_the_same_computed_hue_do_not_shift_the_colours_of_others(project: Project):
    first = "a1"
    second = next(name for name in (f"a{number}" for number in range(2, 1000)) if hue(name) == hue(first))
    names = (first, second, "cnn_a", "vgg19")
    lines = [f"{name},{x},{x}" for name in names for x in (0, 1)]
    (project.folder / "plots" / "roc.csv").write_text("\n".join([TABLES["roc.csv"][0], *lines]) + "\n")
    found = colours(page_of(project.done("dvc", "plots", "show")))
    assert (found["cnn_a"], found["vgg19"]) == ({"#d1495b"}, {"#4269d0"})


def test_axes_and_chance_lines_are_labelled(project: Project):
    texts = charts(page_of(project.done("dvc", "plots", "show")))
    labels = {
        "ROC": {"1 - specificity", "sensitivity", "chance"},
        "Precision_and_recall": {"recall (sensitivity)", "precision (PPV)"},
        "Operating_points": {"predicted label", "true label"},
        "Thresholds": {"threshold", "proportion of the true label"},
        "ROC_AUC": {"ROC AUC, with confidence interval", "classifier", "chance"},
        "Calibration": {"proportion malignant, smoothed", "perfect calibration", "before", "after"},
        "Decision_curves": {"threshold probability", "net benefit"},
        "Distribution_of_the_probabilities": {"predicted probability, calibrated", "proportion of the label's lesions"},
        "Ensemble_sizes": {"number of members", "accuracy"},
        "Accuracy_by_epoch": {"epoch", "accuracy"},
        "ROC_AUC_by_epoch": {"epoch", "ROC AUC"},
        "Loss_by_epoch": {"epoch", "loss"},
        "Best_epoch": {"member", "ROC AUC by image, no dropout"},
        "Sex": {"sex", "proportion of the label's images"},
        "Search_importance": {"dimension"},
    }
    for name, expected in labels.items():
        assert expected <= set(texts[name].splitlines()), name


def test_bars_are_ordered_by_number_and_unknown_is_last(project: Project):
    texts = charts(page_of(project.done("dvc", "plots", "show")))
    age = texts["Age"].splitlines()
    assert [text for text in age if text in ("20-29", "100-109", "unknown")] == ["20-29", "100-109", "unknown"]
    # The legend names only the series of the chart.
    assert "train" not in age
    assert not {"benign", "malignant"} & set(texts["Missing_values"].splitlines())


def test_two_revisions_are_compared_and_a_leaky_one_is_marked(project: Project):
    for path in (project.folder / "plots").iterdir():
        header, *rows = path.read_text().splitlines()
        path.write_text("\n".join([f"{header},protocol", *(f"{row},paper leaky" for row in rows)]) + "\n")
    texts = charts(page_of(project.done("dvc", "plots", "diff", "HEAD", "workspace")))
    for name in charts_of_own_templates():
        lines = texts[name.replace(" ", "_")].splitlines()
        assert {"HEAD", "workspace (leaky)", "leaky protocol: splits share lesions"} <= set(lines)
    assert texts["Operating_points"].splitlines().count("7") == 4


def test_confusion_matrix_of_an_older_commit_has_one_row_per_image(project: Project):
    """Of two revisions, `dvc plots diff` uses the dvc.yaml of the first: it may draw other rows with this template."""
    pipeline = YAML(typ="safe", pure=True).load(project.folder / "dvc.yaml")
    for entry in pipeline["plots"]:
        if "Confusion matrix" in entry:
            entry["Confusion matrix"]["template"] = charts_of_tables()["Operating points"]["template"]
    YAML().dump(pipeline, project.folder / "dvc.yaml")
    lines = charts(page_of(project.done("dvc", "plots", "show")))["Confusion_matrix"].splitlines()
    assert {"workspace", "7", "5", "100.0%"} <= set(lines)


def test_plot_without_data_names_the_command_that_writes_it(project: Project):
    (project.folder / "plots" / "roc.csv").unlink()
    page = page_of(project.run("dvc", "plots", "show").stdout)
    assert "ROC: no data. Run dvc repro, or see docs/reference/plots.md." in rendered(page)


def test_a_plot_of_a_header_only_fails_nothing(project: Project):
    """As plots/diagnoses_confusion.csv has it if no member predicts diagnoses."""
    (project.folder / "plots" / "diagnoses_confusion.csv").write_text("actual,predicted,protocol\n")
    text = rendered(page_of(project.done("dvc", "plots", "show")))
    without = {line.partition(": no data")[0] for line in text.splitlines() if ": no data" in line}
    assert without == {"Confusion matrix of diagnoses"}


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("prefix", [WITHOUT_NETWORK, []], ids=["namespace", "option"])
def test_browser_reaches_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: list[str]):
    """Test of the helper: neither method of blocking the network lets a request reach a local server."""
    monkeypatch.setattr("tests.pipeline.browser.WITHOUT_NETWORK", prefix)
    page = tmp_path / "index.html"
    with socketserver.TCPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        requests = []
        server.process_request = lambda request, client: requests.append(client)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/x.js"
        page.write_text(f'<p>still</p><script src="{address}" onload="document.body.append(1)"></script>')
        assert rendered(page) == "still"
        server.shutdown()
    assert requests == []
