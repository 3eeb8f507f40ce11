"""HAM10000's seven diagnoses in numbers, counted over its 7,470 lesions."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """One diagnosis: how often it is met, in whom, where, and how it was confirmed.

    Attributes:
        malignant: Whether its class is malignant.
        share: Of the lesions of its class. HAM10000's, but for the rare benign ones: so few of them
            (1 and 2 %) would leave a small archive without any.
        age: Mean and standard deviation, in years.
        male: Share of men among those whose sex is known.
        dx_type: Share of each way of confirming it.
        localization: Share of each site among those whose site is known, in percent.
    """

    malignant: bool
    share: float
    age: tuple[float, float]
    male: float
    dx_type: Mapping[str, float]
    localization: Mapping[str, float]


SITES = (
    "abdomen", "acral", "back", "chest", "ear", "face", "foot", "genital",
    "hand", "lower extremity", "neck", "scalp", "trunk", "upper extremity",
)  # fmt: skip


def _sites(*percent: float) -> Mapping[str, float]:
    return dict(zip(SITES, percent, strict=True))


DIAGNOSES: Mapping[str, Diagnosis] = {
    "nv": Diagnosis(
        malignant=False,
        share=0.68,
        age=(47.3, 14.2),
        male=0.518,
        dx_type={"histo": 0.253, "follow_up": 0.686, "consensus": 0.061},
        localization=_sites(13.3, 0.1, 19.6, 2.1, 0.4, 1.1, 3.9, 0.8, 0.7, 22.7, 1.1, 0.4, 21.3, 9.3),
    ),
    "bkl": Diagnosis(
        malignant=False,
        share=0.18,
        age=(64.4, 14.0),
        male=0.576,
        dx_type={"histo": 0.670, "consensus": 0.283, "confocal": 0.047},
        localization=_sites(5.0, 0.0, 18.3, 6.9, 0.6, 26.7, 0.1, 0.1, 1.7, 15.0, 2.8, 3.3, 7.8, 9.2),
    ),
    "vasc": Diagnosis(
        malignant=False,
        share=0.07,
        age=(52.5, 20.4),
        male=0.510,
        dx_type={"histo": 0.337, "consensus": 0.663},
        localization=_sites(22.4, 0.0, 12.2, 3.1, 0.0, 5.1, 0.0, 0.0, 3.1, 16.3, 2.0, 2.0, 27.6, 6.1),
    ),
    "df": Diagnosis(
        malignant=False,
        share=0.07,
        age=(52.7, 13.2),
        male=0.479,
        dx_type={"histo": 0.397, "consensus": 0.603},
        localization=_sites(2.7, 0.0, 1.4, 0.0, 0.0, 0.0, 1.4, 1.4, 0.0, 74.0, 0.0, 0.0, 0.0, 19.2),
    ),
    "mel": Diagnosis(
        malignant=True,
        share=0.52,
        age=(61.3, 15.1),
        male=0.604,
        dx_type={"histo": 1.0},
        localization=_sites(5.0, 0.0, 30.1, 5.5, 1.6, 10.6, 2.4, 0.0, 0.2, 16.9, 2.9, 1.5, 4.1, 18.1),
    ),
    "bcc": Diagnosis(
        malignant=True,
        share=0.28,
        age=(66.9, 13.5),
        male=0.627,
        dx_type={"histo": 1.0},
        localization=_sites(2.8, 0.0, 37.6, 9.8, 0.0, 18.7, 0.6, 0.0, 0.3, 11.0, 3.4, 3.4, 1.8, 9.8),
    ),
    "akiec": Diagnosis(
        malignant=True,
        share=0.20,
        age=(66.6, 11.6),
        male=0.649,
        dx_type={"histo": 1.0},
        localization=_sites(1.3, 0.0, 9.6, 3.9, 0.9, 36.8, 0.0, 0.0, 3.5, 18.0, 3.5, 3.5, 0.4, 18.4),
    ),
}

# Shares of lesions of which nothing, not the age, not the sex, not the site is known.
NOTHING_KNOWN, NO_AGE, NO_SEX, NO_SITE = 0.0047, 0.0010, 0.0010, 0.0187

# Share of those photographed more than once that have two, three, four, five, six photographs.
REPEATS: Mapping[int, float] = {2: 0.7275, 3: 0.2505, 4: 0.0174, 5: 0.0026, 6: 0.0020}
