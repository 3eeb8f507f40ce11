from dermoscopy.cli.run import differences, flatten


def test_blocks_are_flattened_and_lists_are_not():
    tree = {"a": {"b": {"c": 1}, "d": [1, 2]}, "e": None, "f": {}}
    assert flatten(tree) == {"a.b.c": 1, "a.d": [1, 2], "e": None, "f": {}}


def test_differences_are_of_value_and_of_presence():
    assert differences({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}) == ["b", "c", "d"]
    assert differences({"a": 0, "b": 1}, {"a": 0.0, "b": True}) == ["b"]
