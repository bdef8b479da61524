"""Which of a result's files an analysis reads."""

import pytest

from controller.spec import Analysis


@pytest.mark.parametrize(
    ("wanted", "place"), [("scan[1].csv", 1), ("what?.csv", 3), ("*[1].csv", 1), ("SCAN*", 4), ("w*s.csv", 2)]
)
def test_only_the_star_stands_for_anything(wanted: str, place: int) -> None:
    names = ["scan1.csv", "scan[1].csv", "whats.csv", "what?.csv", "SCAN1.csv"]
    assert Analysis(function="peak", file=wanted, gives={"area": "absorbed"}).choose(names) == place
