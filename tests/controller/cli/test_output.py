from controller.cli import output


def test_a_candidate_of_a_pool_is_shown_by_its_label_first() -> None:
    values = {"kind": "conditions", "values": {"a": 1.0}}
    assert output.candidate(values) == "a=1"
    assert output.candidate({**values, "label": "benzamide\x1b[0m"}) == "benzamide\\x1b[0m: a=1"
