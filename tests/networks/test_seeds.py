from dermoscopy.networks.layers import derive


def test_is_the_same_on_every_machine() -> None:
    assert derive(1, "cnn_a", "dropout", 1) == 1206707505


def test_each_name_moves_it() -> None:
    seeds = {derive(1), derive(2), derive(1, "cnn_a"), derive(1, "cnn_b"), derive(1, "cnn_a", 1), derive(1, "cnn_a", 2)}
    assert len(seeds) == 6


def test_names_do_not_run_into_each_other() -> None:
    assert derive(1, "ab", "c") != derive(1, "a", "bc")


def test_fits_a_32_bit_seed() -> None:
    assert all(0 <= derive(seed, "x") < 2**31 for seed in range(200))
