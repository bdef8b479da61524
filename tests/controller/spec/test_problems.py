"""Bad campaign files: every fault is told by line, field and value, with what would be right."""

import pytest

from controller.spec import Problem, SpecError, load


def _problems(text: str | bytes, files: dict[str, bytes] | None = None) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        load(text, files)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return caught.value.problems


def _line(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("timeout: 5 min", "timeot: 5 min", "stages[0].steps[0].timeot", "did you mean 'timeout'?"),
        ("budget:", "buget:", "buget", "did you mean 'budget'?"),
        ("reference: 100}", "refrence: 100}", "objectives[1].refrence", "did you mean 'reference'?"),
        ("low: 0.5", "lower: 0.5", "space.parameters.residence_time.lower", "did you mean 'low'?"),
        ("goal: minimize", "goal: minimise", "objectives[1].goal", "did you mean 'minimize'?"),
        ("type: continuous, low: 1,", "type: continous, low: 1,", "space.parameters.equivalents", "'continuous'"),
        ("policy: auto", "policy: automatic", "stages[0].approval.policy", "auto, operator, two-people"),
        ("kind: cost", "kind: price", "stages[0].approval.rules[0].kind", "cost, hazard"),
        ("timeout: 5 min", "timeout: 5 metres", "stages[0].steps[0].timeout", "10 min"),
        ("timeout: 5 min", "timeout: -5", "stages[0].steps[0].timeout", "greater than 0"),
        ("seed: 1", 'seed: "1"', "seed", "integer"),
        ("seed: 1", "seed: 1.0", "seed", "integer"),
        ("seed: 1", "seed: yes", "seed", "integer"),
        ("campaign: reactor", "campaign: 12", "campaign", "quotes"),
        ("campaign: reactor", "campaign: The Reactor", "campaign", "lower-case"),
        ("unit: mol/L", "unit: mol/Lx", "space.parameters.concentration.unit", "unknown unit"),
        ("unit: mol/L", "unit: m**9**9**9", "space.parameters.concentration.unit", "such as degC"),
        ("unit: mol/L", "unit: 9**9**9", "space.parameters.concentration.unit", "such as degC"),
        ("high: 120", "high: .inf", "space.parameters.temperature.high", "finite"),
        ("high: 120", "high: 1e999", "space.parameters.temperature.high", "too big"),
        ("high: 120", "high: 3", "space.parameters.temperature", "below high"),
        ("experiments: 40", "experiments: 0", "budget.experiments", "greater than or equal to 1"),
        ("experiments: 40", "deadline: 2027-01-01T00:00:00", "budget.deadline", "timezone"),
        ("retries: 5", "retries: [5]", "stages[0].steps[0].retries", "integer"),
        ("property: e_factor", "property: purity", "objectives[1].property", "space_time_yield, e_factor"),
        ("property: e_factor", "property: space_time_yield", "objectives[1].property", "twice"),
        ("name: analyse", "name: react", "stages[0].steps[1].name", "twice"),
        ("- name: flow", "- kind: model\n    name: flow", "stages[0].kind", "cannot be run yet"),
        ("parameters: []", "parameters: [presure]", "stages[0].steps[1].parameters[0]", "no such parameter"),
        ("  - name: flow", "  - name: flow\n    promote: {rule: all}", "stages[0].promote", "no next one"),
        ("name: botorch", "name: botroch", "strategy.name", "did you mean 'botorch'?"),
        ("name: botorch", "name: botorch\n  options: {begin: 3}", "strategy.options", "begin"),
        ("parallel: 3", "parallel:", "parallel", "a value is missing"),
        ("seed: 1", "seed: 1\nseed: 2", "seed", "twice, first on line"),
        ("seed: 1", "seed: &a 1", "seed", "anchors"),
        ("seed: 1", "seed: *a", "seed", "anchors"),
        ("seed: 1", "seed: !!int 1", "seed", "tags"),
        ("seed: 1", "1: seed", "", "a key should be text"),
        ("seed: 1", "? [a]\n: b", "", "a key should be text"),
    ],
)
def test_each_fault_names_line_field_and_remedy(reactor: str, old: str, new: str, field: str, says: str) -> None:
    first = _line(reactor, old.strip())
    problems = _problems(reactor.replace(old, new, 1))
    found = [problem for problem in problems if problem.field == field and says in problem.message]
    assert found, problems
    assert first <= found[0].line <= first + new.count("\n")


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ([("goal: minimize, reference: 100", "goal: explore")], "objectives", "no other goal"),
        ([("reference: 100", "desirability: {low: 0, high: 100}")], "objectives", "space_time_yield has none"),
        ([("goal: minimize, reference: 100", "goal: value")], "objectives[1]", "takes 'value'"),
        (
            [
                ("goal: maximize, unit: kg/m**3/h, reference: 0", "goal: explore, unit: kg/m**3/h"),
                ("goal: minimize, reference: 100", "goal: explore"),
                ("seed: 1", "seed: 1\nstop: [{rule: no_improvement, experiments: 5}]"),
            ],
            "stop[0].rule",
            "nothing becomes better",
        ),
    ],
)
def test_goals_that_make_no_sense_are_told(reactor: str, changes: list[tuple[str, str]], field: str, says: str) -> None:
    for old, new in changes:
        assert old in reactor
        reactor = reactor.replace(old, new, 1)
    assert [one for one in _problems(reactor) if one.field == field and says in one.message]


def test_broken_yaml_is_told_where_the_parser_stops(reactor: str) -> None:
    (problem,) = _problems(reactor.replace("seed: 1", "seed: [1"))
    assert "not YAML" in problem.message
    assert problem.line == _line(reactor, "seed: 1") + 1


def test_faults_of_a_section_stand_on_its_first_line(reactor: str) -> None:
    (problem,) = _problems(reactor.replace("instruments: [analyser-1]", "instruments: []"))
    assert "at least one" in problem.message
    assert (problem.field, problem.line) == ("stages[0].steps[1]", _line(reactor, "- name: analyse"))


def test_all_faults_are_told_at_once_in_order(reactor: str) -> None:
    text = reactor.replace("seed: 1", "seed: one").replace("experiments: 40", "experiment: 40")
    problems = _problems(text)
    assert [problem.field for problem in problems] == ["seed", "budget.experiment"]
    assert str(problems[0]) == f"line {_line(text, 'seed: one')}: seed: {problems[0].message} (found 'one')"


def test_missing_keys_point_to_their_section(reactor: str) -> None:
    (problem,) = _problems(reactor.replace("        timeout: 5 min\n", ""))
    assert (problem.field, problem.message) == ("stages[0].steps[0].timeout", "this key is missing")
    assert problem.line == _line(reactor, "- name: react")


def test_campaign_must_end_some_time(reactor: str) -> None:
    (problem,) = _problems(reactor.replace("budget:\n  experiments: 40\n", ""))
    assert "nothing ends this campaign" in problem.message


def test_linear_constraints_name_numeric_parameters(coating: str) -> None:
    for bad in ("binder + solvent <= 0.8", "binder * filler <= 0.8", "binder + fillet <= 0.8", "binder + filler"):
        text = coating.replace("binder + filler <= 0.8", bad)
        (problem,) = _problems(text)
        assert (problem.field, problem.line) == ("space.constraints[0]", _line(text, bad))


def test_units_of_constraints_convert(coating: str) -> None:
    text = coating.replace("property: thickness, comparison", "property: hardness, comparison")
    (problem,) = _problems(text)
    assert (problem.field, problem.line) == ("constraints[0].unit", _line(text, "property: hardness, comparison"))


@pytest.mark.parametrize(
    ("promote", "says"),
    [
        ("{rule: best, property: haze, k: 5, n: 4}", "must not be above"),
        ("{rule: best, property: haze}", "takes property, k and n"),
        ("{rule: region, property: haze}", "low and/or high"),
        ("{rule: region, property: haze, low: 2, high: 1}", "must be below"),
        ("{rule: all, k: 1}", "no further key"),
        ("{rule: strategy, k: 1}", "no further key"),
        ("{rule: best, property: gloss, k: 1, n: 4}", "property of an objective"),
        ("{rule: best, property: hardness, k: 1, n: 4}", "does not measure it"),
    ],
)
def test_promotion_rules_are_complete(coating: str, promote: str, says: str) -> None:
    (problem,) = _problems(coating.replace("{rule: best, property: haze, k: 1, n: 4}", promote))
    assert says in problem.message


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("name: botorch", "name: sobol", "stages[0].promote.rule", "use 'botorch'"),
        ("yields: [haze]", "yields: [gloss]", "stages[0].steps", "should yield what is wanted"),
    ],
)
def test_a_strategy_that_promotes_learns_from_the_stage(
    coating: str, old: str, new: str, field: str, says: str
) -> None:
    text = coating.replace("{rule: best, property: haze, k: 1, n: 4}", "{rule: strategy}")
    assert load(text).entries == load(text).stages
    (problem,) = _problems(text.replace(old, new))
    assert problem.field == field
    assert says in problem.message


@pytest.mark.parametrize("rule", ["hypervolume, value: 1", "hypervolume_stalled, experiments: 5"])
def test_hypervolume_needs_references(reactor: str, rule: str) -> None:
    (problem,) = _problems(reactor.replace(", reference: 100", "") + f"\nstop: [{{rule: {rule}}}]\n")
    assert "missing on e_factor" in problem.message


def test_hypervolume_needs_two_objectives(reactor: str) -> None:
    text = reactor.replace("  - {property: e_factor, goal: minimize, reference: 100}\n", "")
    (problem,) = _problems(f"{text}\nstop: [{{rule: hypervolume, value: 1}}]\n")
    assert "two objectives" in problem.message


def test_a_gain_is_expected_by_a_model_and_of_one_objective(reactor: str) -> None:
    rule = "\nstop: [{rule: expected_gain, less_than: 1}]\n"
    one = reactor.replace("  - {property: e_factor, goal: minimize, reference: 100}\n", "")
    assert load(one + rule).stop
    (problem,) = _problems(reactor + rule)
    assert "one objective" in problem.message
    (problem,) = _problems(one.replace("name: botorch", "name: sobol") + rule)
    assert "expects nothing" in problem.message


def test_stop_names_an_objective(reactor: str) -> None:
    (problem,) = _problems(reactor + '\nstop: [{rule: target_reached, property: x, comparison: ">=", value: 1}]\n')
    assert problem.field == "stop[0].property"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "was not sent along"),
        (b"name,boiling_point\nwater,100\n", "column"),
        (b"\xff\xfe", "UTF-8"),
        (b"name,boiling_point,dielectric_constant,family\nwater,hot,80,x\n", "line 2"),
    ],
)
def test_pool_files_are_checked(solvents: str, content: bytes | None, says: str) -> None:
    (problem,) = _problems(solvents, {} if content is None else {"solvents.csv": content})
    assert says in problem.message
    assert (problem.field, problem.line) == ("space.pool.file", _line(solvents, "file: solvents.csv"))


@pytest.mark.parametrize(
    ("window", "says"),
    [
        ('{from: "18:00", to: "08:00"}', "over midnight"),
        ('{from: "8", to: "18:00"}', "time of day"),
        ('{from: "08:00", to: "18:00", timezone: Europe/Berlim}', "did you mean 'Europe/Berlin'?"),
        ('{from: "08:00", to: "18:00", timezone: /etc/passwd}', "unknown time zone"),
        ('{from: "08:00", to: "18:00", days: [monday]}', "mon, tue"),
        ('{start: "08:00", to: "18:00"}', "missing"),
    ],
)
def test_windows_are_checked(reactor: str, window: str, says: str) -> None:
    assert any(says in problem.message for problem in _problems(f"{reactor}\nwindows: [{window}]\n"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("# only a remark\n", "empty"),
        ("- a\n- b\n", "mapping"),
        ("a: 1\n---\nb: 2\n", "one document"),
        ("%YAML 1.1\n---\na: 1\n", "YAML 1.2"),
        ("a: " + "[" * 200 + "]" * 200, "deep"),
        ("a: [" + "1," * 60_000 + "]", "more than 50000 values"),
        ("a: " + "x" * 1_100_000, "1048576 bytes"),
        (b"a: \xff", "UTF-8"),
        ("a: \ud800", "UTF-8"),
        ('a: "\\ud800"', "surrogate"),
        ("a: " + "9" * 5000, "too big"),
    ],
)
def test_texts_that_are_no_plain_yaml(text: str | bytes, says: str) -> None:
    assert says in _problems(text)[0].message


def test_alias_bomb_is_refused_before_it_expands() -> None:
    levels = [f"{chr(97 + n)}: &{chr(97 + n)} [{', '.join([f'*{chr(96 + n)}'] * 9)}]" for n in range(1, 9)]
    (problem,) = _problems("a: &a [lol]\n" + "\n".join(levels))
    assert (problem.line, problem.field) == (1, "a")


@pytest.mark.parametrize(("written", "hint"), [("%", "use percent"), ("°C", "use degC"), ("furlongs_", "such as degC")])
def test_an_unknown_unit_has_a_hint_and_hides_nothing(reactor: str, written: str, hint: str) -> None:
    text = reactor.replace("unit: degC", f'unit: "{written}"').replace("parallel:", "paralel:")
    found = [problem.message for problem in _problems(text)]
    assert any(hint in message for message in found)
    assert any("parallel" in message for message in found)
    text = reactor.replace("unit: degC", f'unit: "{written}"').replace("name: botorch", "name: botorsh")
    assert {problem.field.rsplit(".", 1)[-1] for problem in _problems(text)} >= {"unit", "name"}
