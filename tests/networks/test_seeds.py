from dermoscopy.networks.layers import derive


def test_a_derived_seed_is_the_same_on_every_machine() -> None:
    assert derive(1, "cnn_a", "dropout", 1) == 1206707505


def test_each_name_changes_the_seed() -> None:
    seeds = {derive(1), derive(2), derive(1, "cnn_a"), derive(1, "cnn_b"), derive(1, "cnn_a", 1), derive(1, "cnn_a", 2)}
    assert len(seeds) == 6


def test_names_are_not_concatenated() -> None:
    assert derive(1, "ab", "c") != derive(1, "a", "bc")


def test_a_derived_seed_has_31_bits() -> None:
    assert all(0 <= derive(seed, "x") < 2**31 for seed in range(200))
