import pytest

from dermoscopy.search.space import rungs


@pytest.mark.parametrize(
    ("trials", "epochs", "halving", "expected"),
    [
        (6, 3, None, [(6, 3)]),
        (27, 27, 3, [(27, 1), (9, 3), (3, 9), (1, 27)]),
        (9, 27, 3, [(9, 3), (3, 9), (1, 27)]),
        (6, 3, 2, [(6, 1), (3, 3)]),
        (100, 5, 2, [(100, 1), (50, 2), (25, 5)]),
        (1, 100, 2, [(1, 100)]),
        (100, 1, 2, [(100, 1)]),
        (5, 8, 9, [(5, 8)]),
    ],
)
def test_rungs_of_successive_halving(trials, epochs, halving, expected):
    assert rungs(trials, epochs, halving) == expected
