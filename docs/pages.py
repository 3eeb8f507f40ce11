"""Write the numbers in README and docs/ from files in git: metrics/, plots/, dvc.yaml, docs/*.csv and docs/results/.

python docs/pages.py
"""

import re
from pathlib import Path

import data_tables
import paper_tables
import published_tables
import run_tables
import runtime_tables
import suitability_tables
import training_tables

README = Path("README.md")
SIMULATED = Path()  # the committed run
HAM10000 = Path("docs/results/ham10000-cpu")
DATA, TRAINING, PAPER, STATISTICS, STUDIES, EXPERIMENTS, SIMULATION, SUITABILITY, GRADCAM, SAFETY = (
    Path("docs/explanation", f"{name}.md")
    for name in (
        *("data", "training", "paper", "statistics", "studies", "experiments"),
        *("simulation", "suitability", "gradcam", "safety"),
    )
)
CHECKS, RUNTIMES = (Path("docs/reference", f"{name}.md") for name in ("dataset-checks", "runtimes"))
SEARCH, PARALLEL = (Path("docs/how-to", f"{name}.md") for name in ("search", "parallel"))


def render(page: str, **sections: str) -> str:
    """Return a page with new text in its sections.

    Args:
        page: Text of the page, with two markers around each section.
        sections: New text of each section, by its name.
    """
    for section, text in sections.items():
        pattern = rf"(<!-- {section}: [^>]*-->\n).*?(<!-- end of {section} -->)"
        page, count = re.subn(pattern, lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page, flags=re.S)
        assert count == 1, f"the page has no markers for {section}"
    return page


def pages() -> dict[Path, str]:
    """Return every page that contains numbers, with the current ones."""
    return {
        README: render(
            README.read_text(),
            ham10000=f"{published_tables.summary(HAM10000)}\n\n{run_tables.results(HAM10000)}",
            results=run_tables.results(SIMULATED),
            dag=run_tables.dag(),
        ),
        HAM10000 / "README.md": render(
            (HAM10000 / "README.md").read_text(),
            summary=published_tables.summary(HAM10000),
            weights=published_tables.weights(HAM10000),
            results=run_tables.results(HAM10000),
            points=published_tables.points(HAM10000),
            comparisons=published_tables.comparisons(HAM10000),
            calibration=published_tables.calibration(HAM10000),
            external=published_tables.external(HAM10000),
            systems=paper_tables.systems(HAM10000),
            confusion=paper_tables.confusion(HAM10000),
            growing=paper_tables.growing(HAM10000),
            search=paper_tables.search(HAM10000),
            seeds=published_tables.seeds(HAM10000),
            costs=published_tables.costs(HAM10000),
        ),
        PAPER: render(PAPER.read_text(), claims=paper_tables.claims(HAM10000)),
        SIMULATION: render(
            SIMULATION.read_text(),
            simulated_runs=data_tables.simulated_runs(),
            simulated_fresh=data_tables.simulated_fresh(),
        ),
        SUITABILITY: render(
            SUITABILITY.read_text(),
            suitable=suitability_tables.datasets(),
            foreign=suitability_tables.foreign(),
            changed=suitability_tables.changed(),
        ),
        SAFETY: render(
            SAFETY.read_text(),
            every_write=data_tables.every_write(),
            mutated_images=training_tables.table("docs/mutated_images.csv", what="", acquire=",g", predict=",g"),
        ),
        GRADCAM: render(GRADCAM.read_text(), localization=data_tables.localization()),
        STUDIES: render(STUDIES.read_text(), studies=training_tables.studies("studies")),
        EXPERIMENTS: render(EXPERIMENTS.read_text(), experiments=training_tables.studies("experiments")),
        STATISTICS: render(STATISTICS.read_text(), pooling=data_tables.pooling()),
        TRAINING: render(
            TRAINING.read_text(),
            waiting=training_tables.waiting(),
            peers=training_tables.peers(),
            augmentation=training_tables.table(
                "docs/augmentation.csv",
                dataset="",
                method="",
                image_size="d",
                logistic_regression=".3f",
                boosted_trees=".3f",
            ),
        ),
        SEARCH: render(
            SEARCH.read_text(),
            workers=training_tables.table("docs/search.csv", jobs="d", trials="d", seconds=".1f", ratio=".2f"),
        ),
        PARALLEL: render(
            PARALLEL.read_text(),
            jobs=training_tables.table(
                "docs/jobs.csv", run="", cores="d", threads="d", jobs="d", seconds=".0f", ratio=".2f"
            ),
        ),
        CHECKS: render(
            CHECKS.read_text(),
            damage=training_tables.table("docs/damage.csv", damage="", saved="", images=",d", found="d"),
        ),
        RUNTIMES: render(
            RUNTIMES.read_text(),
            speed=runtime_tables.speed(),
            accuracy=runtime_tables.accuracy(),
            throughput=runtime_tables.throughput(),
        ),
        DATA: render(
            DATA.read_text(),
            near_duplicates=data_tables.near_duplicates(),
            protocols=data_tables.protocols(),
            sources=data_tables.sources(),
            balance=data_tables.balance(),
            within_source=data_tables.within_source(HAM10000),
            held_out=data_tables.held_out(),
        ),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
