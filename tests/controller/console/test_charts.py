"""Options of charts hold what was measured, and nothing that a browser would run."""

from collections.abc import Iterator
from typing import Any

from controller.console import charts, model_charts

YIELD = {"property": "yield", "goal": "maximize", "unit": "percent"}
WASTE = {"property": "waste", "goal": "minimize", "unit": "dimensionless"}
NASTY = ":name<img src=x onerror=alert(1)>"


def point(place: int, y: float, waste: float | None = None, **fields: Any) -> dict[str, Any]:
    values = {"yield": y} if waste is None else {"yield": y, "waste": waste}
    given = {"place": place, "number": place, "values": values, "errors": {}, "best": False, "records": []}
    return {**given, "candidate": {"values": {"a": 10.0 * place, "solvent": "water"}}, **fields}


def keys_of(options: Any) -> Iterator[str]:
    if isinstance(options, dict):
        for key, each in options.items():
            yield key
            yield from keys_of(each)
    elif isinstance(options, list):
        for each in options:
            yield from keys_of(each)


def series(options: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in options["series"] if each["type"] == kind]


def test_progress_shows_values_with_intervals_and_the_best_so_far() -> None:
    points = [point(1, 5, records=[0], errors={"yield": 0.5}), point(2, 4), point(3, 7, records=[0]), point(4, 6)]
    options = charts.progress(points, YIELD, 0)
    assert "order in which they ended" in options["xAxis"]["name"]
    assert series(options, "scatter")[0]["data"] == [[1, 5], [2, 4], [3, 7], [4, 6]]
    [best] = series(options, "line")
    assert (best["data"], best["step"]) == ([[1, 5], [3, 7], [4, 7]], "end")
    [intervals] = series(options, "lines")
    assert intervals["data"] == [{"coords": [[1, 4.5], [1, 5.5]]}]
    assert options["yAxis"]["name"] == "yield (%)"


def test_a_wanted_region_is_marked() -> None:
    goal = {"property": "yield", "goal": "target", "unit": "percent", "low": 40.0, "high": 50.0}
    marked = [
        each["markLine"]["data"] for each in charts.progress([point(1, 45)], goal, 0)["series"] if "markLine" in each
    ]
    assert marked == [[{"yAxis": 40.0}, {"yAxis": 50.0}]]


def test_two_objectives_show_the_front_in_order() -> None:
    points = [
        point(1, 5, 3.0, best=True, errors={"yield": 0.1, "waste": 0.2}),
        point(2, 4, 9.0),
        point(3, 2, 1.0, best=True),
        point(4, 8),
    ]
    options = charts.trade_off(points, YIELD, WASTE)
    assert series(options, "line")[0]["data"] == [[2, 1.0], [5, 3.0]]
    assert series(options, "scatter")[0]["data"] == [[4, 9.0]]
    assert series(options, "lines")[0]["data"] == [
        {"coords": [[4.9, 3.0], [5.1, 3.0]]},
        {"coords": [[5, 2.8], [5, 3.2]]},
    ]


def test_parallel_coordinates_hold_numbers_and_labels() -> None:
    lines = [point(1, 5, 3.0), point(2, 7, best=True)]
    parameters = [{"name": "a", "unit": "degC"}, {"name": "solvent", "unit": "dimensionless"}]
    options = charts.parallel(lines, parameters, [YIELD, WASTE])
    assert [each["name"] for each in options["parallelAxis"]] == ["a (°C)", "solvent", "yield (%)", "waste"]
    assert [each["type"] for each in options["parallelAxis"]] == ["value", "category", "value", "value"]
    assert [each["data"] for each in options["series"]] == [[[10.0, "water", 5, 3.0]], [[20.0, "water", 7, "-"]]]


def test_parity_has_room_for_intervals_that_are_near() -> None:
    points = {"measured": [1.0, 2.0], "predicted": [1.5, 1.8], "low": [0.5, -1e300], "high": [2.5, 1e300]}
    options = model_charts.parity(points, "yield", "percent")
    assert series(options, "scatter")[0]["data"] == [[1.0, 1.5], [2.0, 1.8]]
    assert [y for _, y in series(options, "scatter")[1]["data"]] == [0.5, 2.5]
    assert len(series(options, "lines")[0]["data"]) == 2


def test_sensitivities_are_few_and_the_largest_on_top() -> None:
    options = model_charts.sensitivities({f"p{place}": 1 / (place + 1) for place in range(100)}, "share (%)")
    assert len(options["yAxis"]["data"]) == model_charts.MOST_BARS
    assert options["yAxis"]["data"][-1] == "p0"
    assert options["series"][0]["data"][-1] == 1.0
    assert options["xAxis"]["name"] == "share (%)"


def test_a_slice_has_a_band_that_begins_at_its_lower_end() -> None:
    one = {"parameter": "a", "at": [1.0, 2.0], "mean": [-5.0, 5.0], "sd": [1.0, 2.0]}
    options = model_charts.along(one, "a (°C)", "yield (%)", (-20.0, 9.0))
    low, wide, mean, unseen = (each["data"] for each in options["series"])
    assert unseen == [[1.0, -20.0], [1.0, 9.0]], "room for what it is compared with"
    assert mean == [[1.0, -5.0], [2.0, 5.0]]
    assert low == [[1.0, -5 - 1.96], [2.0, 5 - 3.92]]
    assert [[round(each, 9) for each in pair] for pair in wide] == [[1.0, 3.92], [2.0, 7.84]]
    stacked = options["series"][:2]
    assert {(each["stack"], each["stackStrategy"]) for each in stacked} == {("band", "all")}, "below zero too"
    assert (options["xAxis"]["name"], options["yAxis"]["name"]) == ("a (°C)", "yield (%)")


def test_a_slice_along_a_category_has_an_interval_for_each_label() -> None:
    one = {"parameter": "s", "at": ["water", NASTY], "mean": [1.0, 2.0], "sd": [0.5, 0.0]}
    options = model_charts.along(one, "s", "yield")
    assert (options["xAxis"]["type"], options["xAxis"]["data"]) == ("category", ["water", NASTY])
    assert [list(each) for each in series(options, "scatter")[0]["data"]] == [[0, 1.0], [1, 2.0]]
    assert series(options, "lines")[0]["data"][0] == {"coords": [[0, 1 - 0.98], [0, 1 + 0.98]]}
    assert options["tooltip"] == {"show": False}, "it would show the label"


def test_calibration_is_in_percent() -> None:
    assert model_charts.calibration([[0.5, 0.4], [0.95, 1.0]])["series"][0]["data"] == [[50.0, 40.0], [95.0, 100.0]]


def test_names_are_never_keys() -> None:
    objective = {"property": NASTY, "goal": "maximize", "unit": NASTY}
    given = point(1, 1.0)
    given |= {"values": {NASTY: 1.0}, "errors": {NASTY: 1.0}, "candidate": {"values": {NASTY: NASTY}}, "records": [0]}
    points = {name: [1.0, 2.0] for name in ("measured", "predicted", "low", "high")}
    drawn = [
        charts.progress([given], objective, 0),
        charts.trade_off([given], objective, objective),
        charts.parallel([given], [{"name": NASTY, "unit": NASTY}], [objective]),
        model_charts.parity(points, NASTY, NASTY),
        model_charts.sensitivities({NASTY: 1.0}, "share"),
        model_charts.along({"parameter": NASTY, "at": [NASTY], "mean": [1.0], "sd": [1.0]}, NASTY, NASTY),
        model_charts.along({"parameter": NASTY, "at": [1.0], "mean": [1.0], "sd": [1.0]}, NASTY, NASTY),
    ]
    assert not [key for options in drawn for key in keys_of(options) if key.startswith(":") or "<" in key]
    tips = [options.get("tooltip") for options in drawn]
    named = [each.get("name", "") for options in drawn for each in options["series"]]
    assert NASTY not in str(tips)
    assert NASTY not in named
