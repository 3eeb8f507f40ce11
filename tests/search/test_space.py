"""The trials: drawn at random, without replacement, feasible, and only added to."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from dermoscopy.core.errors import ParameterError
from dermoscopy.core.params import read_yaml
from dermoscopy.core.params_errors import describe
from dermoscopy.networks.build import feature_map_size
from dermoscopy.search.params import Search
from dermoscopy.search.space import DIMENSIONS, DRAWN, feasible_grids, grid_size, trials

TREE = read_yaml(Path("params.yaml").resolve().read_text())
COMMITTED = Search(**TREE["search"])
Make = Callable[..., Search]


def longer(count: int) -> Search:
    return COMMITTED.model_copy(update={"trials": count})


@pytest.mark.parametrize("counts", [(1, 4), (4, 40), (40, 2000)])
def test_more_trials_only_add(counts):
    fewer, more = (trials(longer(count), seed=1) for count in counts)
    assert more[: len(fewer)] == fewer
    assert len(more) == counts[1] + 2


def test_another_seed_draws_others():
    assert trials(COMMITTED, seed=1) != trials(COMMITTED, seed=2)
    assert trials(COMMITTED, seed=1) == trials(COMMITTED, seed=1)


def test_no_configuration_comes_twice_and_all_are_feasible():
    tried = trials(longer(3000), seed=1)
    assert len({tuple(trial.configuration.items()) for trial in tried}) == len(tried)
    assert all(feature_map_size(trial.parameters) for trial in tried)
    assert {trial.name for trial in tried[2:]} == {DRAWN}
    for name in DIMENSIONS:  # every value has its chance
        assert {trial.configuration[name] for trial in tried} == set(getattr(COMMITTED.space, name))


def test_infeasible_configurations_are_left_out_and_no_other(search: Make):
    space = {name: values[:1] for name, values in TREE["search"]["space"].items()}
    space |= {"conv_layers": [1, 2, 3], "padding": ["valid", "same"], "pool_size": [2, 3], "units": [4, 8]}
    all_of = search(space=space, trials=1)
    feasible = [
        grid
        for grid in (
            {"conv_layers": convolutions, "padding": padding, "pool_size": pool}
            for convolutions in (1, 2, 3)
            for padding in ("valid", "same")
            for pool in (2, 3)
        )
        if feature_map_size(trials(all_of, 1)[0].parameters.model_copy(update=grid))
    ]
    assert 0 < len(feasible) < 12
    count = grid_size(feasible_grids(all_of))
    assert count == 2 * len(feasible)
    assert len(trials(search(space=space, trials=count), 1)) == count + 2
    with pytest.raises(ParameterError, match=rf"received {count + 1}; of search.space, {count} configurations leave"):
        trials(search(space=space, trials=count + 1), 1)


def test_a_value_given_twice_is_drawn_once(search: Make):
    space = {name: values[:1] * 2 for name, values in TREE["search"]["space"].items()}
    with pytest.raises(ParameterError, match="1 configurations"):
        trials(search(space=space, trials=2), 1)


def test_a_known_configuration_that_leaves_nothing_is_refused_by_name():
    with pytest.raises(ParameterError, match=r"search.image_size: received 52; the 3 convolutions of .*paper_a"):
        trials(COMMITTED.model_copy(update={"image_size": 52}), 1)


def test_known_configurations_are_not_drawn_again(search: Make):
    space = {name: values[:1] for name, values in TREE["search"]["space"].items()}
    space["dropout"] = [0.0, 0.3, 0.5]
    known = {name: values[0] for name, values in space.items()}
    both = {"paper_a": known, "paper_b": {**known, "dropout": 0.3}}
    tried = trials(search(space=space, known=both, trials=1), 1)
    assert [trial.configuration["dropout"] for trial in tried] == [0.0, 0.3, 0.5]


@pytest.mark.parametrize(("name", "member"), [("paper_a", "cnn_a"), ("paper_b", "cnn_b")])
def test_the_paper_s_winners_lie_in_the_space_and_are_the_members(name, member):
    winner = getattr(COMMITTED.known, name).model_dump()
    assert set(winner) == set(TREE["search"]["space"])
    for dimension, value in winner.items():
        assert value in TREE["search"]["space"][dimension], dimension
        assert value == TREE["models"][member][dimension], dimension
    # And not only in principle: the search would draw them from images of its size.
    assert any(all(value in grid[key] for key, value in winner.items()) for grid in feasible_grids(COMMITTED))


def test_what_is_tried_as_known_is_not_drawn_and_not_counted(search: Make):
    known = TREE["search"]["known"]
    space = {name: [value] for name, value in known["paper_a"].items()} | {"dropout": [0.5, 0.3]}
    with pytest.raises(ParameterError, match=r"received 2; of search.space, 1 configurations leave"):
        trials(search(space=space, known=known, image_size=80, trials=2), 1)


@pytest.mark.parametrize("address", ["nowhere", "http://host:8787"])
def test_a_scheduler_that_is_no_address_is_told_what_one_is(address):
    with pytest.raises(ValidationError) as error:
        Search(**{**TREE["search"], "scheduler": address})
    (line,) = describe(error.value, "search", Search)
    assert line.startswith(f"search.scheduler: received '{address}'; expected an address such as tcp://host:8786")
