"""What a line of progress says of many levels."""

from actors.progress import span


def test_few_levels_are_told_one_by_one_and_of_many_the_least_and_the_greatest() -> None:
    assert span(["7", "16", "9"], [7, 16, 9]) == "7 16 9"
    assert span(["7", "16", "9", "2"], (7, 16, 9, 2)) == "2 to 16"
