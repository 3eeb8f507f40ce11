from dermoscopy.archive.duplicates import join, same_bytes


def test_lesions_of_one_photograph_are_paired() -> None:
    lesions, hashes = ["b", "a", "c", "c", "d"], ["1", "1", "2", "2", "1"]
    assert same_bytes(lesions, hashes) == [("a", "b"), ("a", "d")]


def test_a_chain_is_one_group_named_after_its_first() -> None:
    groups = join("edcba", [("d", "c"), ("e", "d"), ("b", "e")])
    assert groups == {"a": "a", "b": "b", "c": "b", "d": "b", "e": "b"}


def test_lesions_that_share_nothing_stay_apart() -> None:
    assert join(["a", "b"], []) == {"a": "a", "b": "b"}
