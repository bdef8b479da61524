from controller.cli import output


def test_a_candidate_of_a_pool_is_shown_by_its_label_first() -> None:
    values = {"kind": "conditions", "values": {"a": 1.0}}
    assert output.candidate(values) == "a=1"
    assert output.candidate({**values, "label": "benzamide\x1b[0m"}) == "benzamide\\x1b[0m: a=1"


def test_a_mixture_is_shown_by_what_is_in_it() -> None:
    mixture = {"kind": "mixture", "basis": "mass", "amounts": {"water": 0.7, "oil": 0.0, "wax": 0.3}}
    assert output.candidate(mixture) == "water=0.7, wax=0.3"
    formula = {"kind": "composition", "elements": {"Fe": 2.0, "O": 3.0}, "values": {"t": 900.0}, "units": {"t": "degC"}}
    assert output.candidate(formula) == "Fe=2, O=3, t=900 degC"
    assert "CCO" in output.candidate({"kind": "molecule", "smiles": "CCO"})
