"""The section `transfer` of a campaign file: what it may say, and how a table is read."""

import hashlib

import pytest

from controller import spec

FILE = """
campaign: ester
space:
  parameters:
    T: {{type: continuous, low: 20, high: 80, unit: degC}}
    solvent: {{type: categorical, choices: [water, ethanol]}}
objectives: [{{property: yield, goal: maximize}}]
stages: [{{name: bench, steps: [{{name: try, adapter: person, instructions: x, yields: [yield], timeout: 60}}]}}]
strategy: {{name: {strategy}}}
budget: {{experiments: 6}}
transfer: {transfer}
"""


def load(transfer: str, table: str | None = None, strategy: str = "botorch") -> spec.Campaign:
    files = {} if table is None else {"old.csv": table.encode()}
    return spec.load(FILE.format(transfer=transfer, strategy=strategy), files)


def messages(transfer: str, table: str | None = None, strategy: str = "botorch") -> list[str]:
    with pytest.raises(spec.SpecError) as caught:
        load(transfer, table, strategy)
    assert {problem.line for problem in caught.value.problems} == {11}
    return [f"{problem.field}: {problem.message}" for problem in caught.value.problems]


def test_an_earlier_campaign_is_named() -> None:
    found = load("{from: [{campaign: first, values: {solvent: water}}]}").transfer
    assert found is not None
    assert found.method == "multitask"
    assert [(each.name, each.values) for each in found.sources] == [("first", {"solvent": "water"})]


def test_a_table_is_read_and_kept_by_its_digest() -> None:
    table = "T,solvent,flask,yield\n30,water,a,10\n40,acetone,b,20\n50,ethanol,a,\n"
    campaign = load("{from: [{file: old.csv}]}", table)
    assert campaign.beside() == {"old.csv": hashlib.sha256(table.encode()).hexdigest()}
    assert campaign.transfer is not None
    rows = campaign.transfer.sources[0].rows or []
    assert [row.values for row in rows] == [{"yield": 10.0}, {"yield": 20.0}]
    assert rows[1].candidate["values"] == {"T": 40.0, "solvent": "acetone"}
    assert rows[1].candidate["units"] == {"T": "degC"}
    again = spec.Campaign.model_validate_json(campaign.model_dump_json())
    assert spec.spec_digest(again) == spec.spec_digest(campaign)


def test_what_the_table_lacks_is_given_and_what_it_has_beside_is_selected() -> None:
    table = "T,flask,yield\n30,a,10\n40,b,20\n"
    campaign = load("{from: [{file: old.csv, values: {solvent: water, flask: b}}]}", table)
    assert campaign.transfer is not None
    (row,) = campaign.transfer.sources[0].rows or []
    assert row.candidate["values"] == {"T": 40.0, "solvent": "water"}


@pytest.mark.parametrize(
    ("transfer", "table", "message"),
    [
        ("{from: []}", None, "should have at least 1"),
        ("{from: [{}]}", None, "either an earlier `campaign` or a `file`"),
        ("{from: [{campaign: a, file: old.csv}]}", "T\n", "either an earlier `campaign` or a `file`"),
        ("{from: [{campaign: ester}]}", None, "learns from its own measurements anyway"),
        ("{from: [{campaign: a}, {campaign: a}]}", None, "transfer.from[1]: 'a' stands here twice"),
        ("{method: magic, from: [{campaign: a}]}", None, "transfer.method: should be one of multitask"),
        ("{from: [{campaign: a, values: {T: warm}}]}", None, "transfer.from[0].values.T: should be a number"),
        ("{from: [{campaign: a, values: {solvent: 3}}]}", None, "transfer.from[0].values.solvent: should be a label"),
        ("{from: [{file: old.csv}]}", None, "transfer.from[0].file: the file was not sent along"),
        ("{from: [{file: old.csv}]}", "T,yield\n30,1\n", "or say what it was: `values: {solvent: ...}`"),
        ("{from: [{file: old.csv}]}", "T,solvent\n30,water\n", "no column of a property (yield)"),
        ("{from: [{file: old.csv}]}", "T,solvent,yield\nhot,water,1\n", "line 2: 'hot' in column 'T' is no finite"),
        ("{from: [{file: old.csv}]}", "T,solvent,yield\n30,,1\n", "line 2: column 'solvent' is empty"),
        ("{from: [{file: old.csv}]}", "T,solvent,yield\n30,water,\n", "no line has a measured value"),
        (
            "{from: [{file: old.csv, values: {solvent: water}}]}",
            "T,solvent,yield\n30,water,1\n",
            "column 'solvent' is there: leave it out of `values`",
        ),
    ],
)
def test_what_is_wrong_is_told(transfer: str, table: str | None, message: str) -> None:
    assert message in "\n".join(messages(transfer, table))


def test_only_a_strategy_that_learns_has_sources() -> None:
    assert messages("{from: [{campaign: a}]}", strategy="random") == [
        "transfer: strategy 'random' learns nothing; use botorch"
    ]


def test_a_campaign_without_it_keeps_its_digest() -> None:
    text = FILE.format(transfer="", strategy="botorch").replace("transfer: \n", "")
    assert "transfer" not in spec.load(text).model_dump(exclude_none=True)
