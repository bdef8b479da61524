"""Earlier measurements that a campaign file names: every row that cannot be used is told with its file."""

import pytest

from controller import spec
from strategies.spaces import parse_pool, rows_of

FILE = """
campaign: ester
space:
  parameters:
    T: {type: continuous, low: 20, high: 80, unit: degC}
    solvent: {type: categorical, choices: [water, ethanol]}
objectives: [{property: yield, goal: maximize}]
stages: [{name: bench, steps: [{name: try, adapter: person, instructions: x, yields: [yield], timeout: 60, cost: 1}]}]
strategy: {name: random}
budget: {experiments: 6}
data: [{file: old.csv}]
"""


def messages(table: str) -> list[str]:
    with pytest.raises(spec.SpecError) as caught:
        spec.load(FILE, {"old.csv": table.encode()})
    assert {(problem.field, problem.line) for problem in caught.value.problems} == {("data[0].file", 11)}
    return [problem.message for problem in caught.value.problems]


def test_a_table_as_excel_writes_it_is_taken() -> None:
    content = "\ufeffT;solvent;yield;Bemerkung\r\n20,5;water;12,5;gut\r\n30;ethanol;;zu heiß\r\n"
    assert spec.load(FILE, {"old.csv": content.encode()}).data[0].sha256


def test_every_row_that_cannot_be_used_is_told() -> None:
    found = messages(
        "T,solvent,yield\n90,water,1\n30,ether,1\n40,water,good\n50,water,3\nhot,water,2\n60,,1\n70,water\n"
    )
    assert [each.split(":")[0] for each in found] == [f"line {line}" for line in (4, 6, 7, 8)]
    assert "'good' in column 'yield'" in found[0]


def test_what_was_measured_outside_of_the_space_is_data_with_a_note() -> None:
    content = b"T,solvent,yield\n90,water,1\n30,ether,1\n40,water,2\n"
    campaign = spec.load(FILE, {"old.csv": content})
    found = spec.read_candidates(content, campaign)
    assert [one.candidate["values"]["T"] for one in found] == [90, 30, 40]
    assert "90 cannot be set; the nearest value is 80" in found[0].outside[0]
    assert "'ether' is none of" in found[1].outside[0]
    assert found[2].outside == []


def test_many_faults_are_counted() -> None:
    found = messages("T,solvent,yield\n" + "hot,water,1\n" * 25)
    assert (len(found), found[-1]) == (11, "and 15 more")


def test_every_column_that_is_missing_is_told() -> None:
    assert messages("T\n20\n") == [
        "column 'solvent' is missing; columns: T",
        "column 'yield' is missing; columns: T",
    ]


def test_rows_of_a_pool_are_known_by_their_label() -> None:
    text = FILE[: FILE.index("  parameters")] + "  pool: {file: pool.csv, columns: [T], label: id}\n"
    text += FILE[FILE.index("objectives") :]
    pool = b"id;T\nr1;20,5\nr2;30\n"
    assert spec.load(text, {"pool.csv": pool, "old.csv": b"T,id,yield\n20.5,r1,3\n"}).data
    content = b"T,id,yield\n20.5,r1,3\n20.5,r2,3\n"
    campaign = spec.load(text, {"pool.csv": pool, "old.csv": content})
    rows = rows_of(campaign.space, parse_pool(pool, campaign.space.pool)) if campaign.space.pool else None
    inside, outside = spec.read_candidates(content, campaign, rows=rows)
    assert inside.outside == []
    assert outside.outside == ["no row of the pool 'pool.csv' is this candidate"]
