"""Trials: sampled without replacement, feasible, and a prefix of those of a larger search."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError
from scipy.stats import hypergeom
from sklearn.model_selection import ParameterGrid

from dermoscopy.core.errors import ParameterError
from dermoscopy.core.params import read_yaml
from dermoscopy.core.params_errors import describe
from dermoscopy.networks.build import feature_map_size
from dermoscopy.search.params import Search
from dermoscopy.search.space import DIMENSIONS, SAMPLED, feasible_grids, grid_size, plan_trials

TREE = read_yaml(Path("params.yaml").resolve().read_text())
COMMITTED = Search(**TREE["search"])
Make = Callable[..., Search]


def committed(count: int) -> Search:
    return COMMITTED.model_copy(update={"trials": count})


@pytest.mark.parametrize("counts", [(1, 4), (4, 40), (40, 2000)])
def test_more_trials_begin_with_the_same_trials(counts):
    fewer, more = (plan_trials(committed(count), seed=1) for count in counts)
    assert more[: len(fewer)] == fewer
    assert len(more) == counts[1] + 2


def test_a_member_is_promoted_once():
    with pytest.raises(ValidationError, match="once"):
        Search(**TREE["search"] | {"promote": ["cnn_a", "cnn_a"]})


def test_another_seed_samples_other_trials():
    assert plan_trials(COMMITTED, seed=1) != plan_trials(COMMITTED, seed=2)
    assert plan_trials(COMMITTED, seed=1) == plan_trials(COMMITTED, seed=1)


# Numbers of feasible configurations, and the dimensions of the committed space with a single value.
SPACES = {
    46: {
        "optimizer": 1,
        "learning_rate": 1,
        "initializer": 1,
        "dense_layers": 1,
        "filters": 1,
        "units": 1,
        "dropout": 1,
    },
    1_242: {"optimizer": 1, "learning_rate": 1, "initializer": 1, "dense_layers": 1},
    7_452: {"optimizer": 1, "learning_rate": 1},
    111_780: {},
}


@pytest.fixture(params=SPACES, ids="{:,} configurations".format)
def space(request) -> Search:
    """A space of this size, from which half is sampled, 1,000 trials at most."""
    values = TREE["search"]["space"]
    values = values | {name: values[name][:count] for name, count in SPACES[request.param].items()}
    space = Search(**TREE["search"] | {"space": values, "trials": min(request.param // 2, 1_000)})
    assert grid_size(feasible_grids(space)) == request.param
    return space


def sampled(space: Search, seed: int) -> list[dict[str, object]]:
    return [trial.configuration for trial in plan_trials(space, seed) if trial.name == SAMPLED]


def test_seeds_sample_other_configurations_from_spaces_of_every_size(space: Search):
    first, second, again = (sampled(space, seed) for seed in (1, 2, 1))
    assert first == again
    assert first[:12] != second[:12]
    grids = [configuration for grid in feasible_grids(space) for configuration in ParameterGrid(grid)]
    assert first[:12] != grids[:12]


def test_each_value_is_sampled_as_often_as_chance_has_it(space: Search):
    grids, size = feasible_grids(space), grid_size(feasible_grids(space))
    for seed in (1, 2, 12345):
        chosen = sampled(space, seed)
        for name in DIMENSIONS:
            for value in getattr(space.space, name):
                with_value = grid_size([grid | {name: [value]} for grid in grids if value in grid[name]])
                chance = hypergeom(size, with_value, len(chosen))
                count = sum(configuration[name] == value for configuration in chosen)
                assert chance.cdf(count) > 1e-5, (name, value)
                assert chance.sf(count - 1) > 1e-5, (name, value)


def test_a_smaller_search_begins_a_larger_one_in_spaces_of_every_size(space: Search):
    fewer = space.model_copy(update={"trials": space.trials // 2})
    assert sampled(space, 1)[: fewer.trials] == sampled(fewer, 1)


def test_configurations_are_distinct_and_feasible():
    tried = plan_trials(committed(3000), seed=1)
    assert len({tuple(trial.configuration.items()) for trial in tried}) == len(tried)
    assert all(feature_map_size(trial.parameters) for trial in tried)
    assert {trial.name for trial in tried[2:]} == {SAMPLED}
    for name in DIMENSIONS:  # every value is sampled
        assert {trial.configuration[name] for trial in tried} == set(getattr(COMMITTED.space, name))


def test_only_infeasible_configurations_are_left_out(search: Make):
    space = {name: values[:1] for name, values in TREE["search"]["space"].items()}
    space |= {"conv_layers": [1, 2, 3], "padding": ["valid", "same"], "pool_size": [2, 3], "units": [4, 8]}
    any_shape = search(space=space, trials=1)
    feasible = [
        grid
        for grid in (
            {"conv_layers": convolutions, "padding": padding, "pool_size": pool}
            for convolutions in (1, 2, 3)
            for padding in ("valid", "same")
            for pool in (2, 3)
        )
        if feature_map_size(plan_trials(any_shape, 1)[0].parameters.model_copy(update=grid))
    ]
    assert 0 < len(feasible) < 12
    count = grid_size(feasible_grids(any_shape))
    assert count == 2 * len(feasible)
    assert len(plan_trials(search(space=space, trials=count), 1)) == count + 2
    with pytest.raises(ParameterError, match=rf"search.trials: received {count + 1}; only {count} configurations"):
        plan_trials(search(space=space, trials=count + 1), 1)


def test_duplicate_value_is_sampled_once(search: Make):
    space = {name: values[:1] * 2 for name, values in TREE["search"]["space"].items()}
    with pytest.raises(ParameterError, match="only 1 configurations"):
        plan_trials(search(space=space, trials=2), 1)


def test_known_configuration_with_an_empty_feature_map_is_refused_by_name():
    with pytest.raises(ParameterError, match=r"search.image_size: received 52; .*search.known.paper_a"):
        plan_trials(COMMITTED.model_copy(update={"image_size": 52}), 1)


def test_known_configurations_are_not_sampled_again(search: Make):
    space = {name: values[:1] for name, values in TREE["search"]["space"].items()}
    space["dropout"] = [0.0, 0.3, 0.5]
    known = {name: values[0] for name, values in space.items()}
    both = {"paper_a": known, "paper_b": {**known, "dropout": 0.3}}
    tried = plan_trials(search(space=space, known=both, trials=1), 1)
    assert [trial.configuration["dropout"] for trial in tried] == [0.0, 0.3, 0.5]


@pytest.mark.parametrize(("name", "member"), [("paper_a", "cnn_a"), ("paper_b", "cnn_b")])
def test_networks_of_the_paper_are_in_the_space_and_equal_the_members(name, member):
    winner = getattr(COMMITTED.known, name).model_dump()
    assert set(winner) == set(TREE["search"]["space"])
    for dimension, value in winner.items():
        assert value in TREE["search"]["space"][dimension], dimension
        assert value == TREE["models"][member][dimension], dimension
    # They are feasible at the image size of the search too.
    assert any(all(value in grid[key] for key, value in winner.items()) for grid in feasible_grids(COMMITTED))


def test_known_configurations_do_not_count_as_samples(search: Make):
    known = TREE["search"]["known"]
    space = {name: [value] for name, value in known["paper_a"].items()} | {"dropout": [0.5, 0.3]}
    with pytest.raises(ParameterError, match=r"search.trials: received 2; only 1 configurations"):
        plan_trials(search(space=space, known=known, image_size=80, trials=2), 1)


@pytest.mark.parametrize("address", ["nowhere", "http://host:8787"])
def test_invalid_scheduler_address_is_refused(address):
    with pytest.raises(ValidationError) as error:
        Search(**{**TREE["search"], "scheduler": address})
    (line,) = describe(error.value, "search", Search)
    assert line.startswith("search.scheduler")
    assert repr(address) in line
    assert "tcp://host:8786" in line
