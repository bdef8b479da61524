"""Whatever the text: a campaign or a `SpecError`, never anything else."""

import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from controller.spec import Campaign, Problem, SpecError, load
from controller.spec.source import read

_QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_YAML_TEXT = st.text(
    alphabet="-:?[]{}#&*!|>'\"%@` \n\t,~0123456789.eExXaAbnu\\_<=/\ufeff\x85\u2028" + "campign", max_size=200
)
_PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_letters, max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)


def _problems(text: str | bytes) -> list[Problem]:
    try:
        assert isinstance(load(text), Campaign)
    except SpecError as error:
        return error.problems
    return []


def _load(text: str | bytes) -> None:
    assert all(problem.line >= 1 and problem.message for problem in _problems(text))


@_QUICK
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    _load(data)


@_QUICK
@given(st.text(max_size=300) | _YAML_TEXT)
def test_any_text(text: str) -> None:
    _load(text)


@_QUICK
@given(data=st.data())
def test_damaged_text(data: st.DataObject, coating: str) -> None:
    start = data.draw(st.integers(0, len(coating)))
    length = data.draw(st.integers(0, 30))
    _load(coating[:start] + data.draw(_YAML_TEXT) + coating[start + length :])


@_QUICK
@given(data=st.data())
def test_other_values_in_good_places(data: st.DataObject, coating: str) -> None:
    root = read(coating).value
    holder, key = data.draw(st.sampled_from(list(_places(root))))
    holder[key] = data.draw(_PLAIN)
    _load(_written(root))


def _places(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return [place for key in value for place in [(value, key), *_places(value[key])]]
    if isinstance(value, list):
        return [place for index in range(len(value)) for place in [(value, index), *_places(value[index])]]
    return []


def _written(value: Any) -> str:
    from io import StringIO

    stream = StringIO()
    YAML(typ="safe", pure=True).dump(value, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "\\",
        '"\\UFFFFFFFF"',
        "a: |9999999\n b",
        "%YAML x\n--- a",
        "%TAG ! !\n---\n!a b",
        "a:\tb",
        "? ",
        "- - - -",
        "&",
        "*",
        "!<",
        "'",
        "a: >+-\n",
    ],
)
def test_texts_that_parsers_trip_over(text: str) -> None:
    with pytest.raises(SpecError):
        load(text)
