from dermoscopy.cli.run import differences, flatten


def test_flatten_keeps_lists_and_empty_blocks():
    tree = {"a": {"b": {"c": 1}, "d": [1, 2]}, "e": None, "f": {}}
    assert flatten(tree) == {"a.b.c": 1, "a.d": [1, 2], "e": None, "f": {}}


def test_differences_in_values_and_keys():
    assert differences({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}) == ["b", "c", "d"]
    assert differences({"a": 0, "b": 1}, {"a": 0.0, "b": True}) == ["b"]
