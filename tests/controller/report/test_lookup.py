"""A table in the place of a laboratory: what it says, and what it cannot say."""

from typing import Any

import pytest

from controller.report.lookup import LookupTable
from controller.spec import TableError
from tests.controller.loop.views import make_spec, stage, step

TABLE = b"temperature,yield,ignored\n20,1,a\n20,3,b\n30,5,c\n40,,d\n"


def table(content: bytes = TABLE, **options: Any) -> LookupTable:
    return LookupTable(content, make_spec(stage("bench", step(yields=["yield"]))), **options)


def at(temperature: float) -> dict[str, Any]:
    return {"kind": "conditions", "values": {"temperature": temperature}, "units": {"temperature": "degC"}}


def test_equal_inputs_are_replicates() -> None:
    assert table().measure(at(20.0), seed=1, replicate=1) == {"yield": 2.0}
    drawn = {table(replicates="draw").measure(at(20.0), seed, 1)["yield"] for seed in range(20)}  # type: ignore[index]
    assert drawn == {1.0, 3.0}
    assert len(table()) == 3


def test_a_draw_depends_on_seed_and_replicate_alone() -> None:
    draws = [[table(replicates="draw").measure(at(20.0), 7, number) for number in range(1, 9)] for _ in range(2)]
    assert draws[0] == draws[1]
    assert len({str(draw) for draw in draws[0]}) == 2


def test_an_empty_cell_is_a_failed_synthesis_and_no_value() -> None:
    assert table().measure(at(40.0), 1, 1) is None
    assert sorted(each["yield"] for each in table().means()) == [2.0, 5.0]


def test_rounding_of_a_last_digit_finds_its_row() -> None:
    content = b"temperature,yield\n0.3,1\n"
    assert table(content).measure(at(0.1 + 0.2), 1, 1) == {"yield": 1.0}


def test_what_the_table_does_not_hold_is_said_with_a_remedy() -> None:
    with pytest.raises(TableError, match=r"no row for temperature=25.*a pool whose file is the table"):
        table().measure(at(25.0), 1, 1)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"temperature\n20\n", "column 'yield' is missing; columns: temperature"),
        (b"temperature,yield,yield\n20,1,1\n", "'yield' stands there twice"),
        (b"temperature,yield\n", "no rows"),
        (b"temperature,yield\n20,much\n", "line 2: 'much' in column 'yield' is no finite number"),
        (b"temperature,yield\n20,nan\n", "no finite number"),
        (b"temperature,yield\n,1\n", "line 2: column 'temperature' is empty"),
        (b"temperature,yield\n20\n", "line 2: the row and the header differ"),
        (b"temperature,yield\n20,1,9\n", "line 2: the row and the header differ"),
        (b"\xff\xfe", "not a CSV file in UTF-8"),
        (b'temperature,yield\n"20,1\n', "not a CSV file"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(content: bytes, fault: str) -> None:
    with pytest.raises(TableError, match=fault):
        table(content)
