"""What was refused, in pages without the messages themselves."""

import pytest

from controller.intake.intake import read_topic
from controller.intake.quarantine import quarantine
from controller.report import refused
from controller.store import Unit
from tests.controller.stand import Stand


async def test_pages_of_what_is_open_and_of_all(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused, "PAGE", 2)

    def fill(unit: Unit) -> None:
        for topic in ("status", "result", "result"):
            quarantine(unit, read_topic(f"tatara/v1/lab/stove/attempt/a-1/{topic}", b"{}"), "no")

    await stand.store.write(fill, name="t")
    first = await stand.store.read(refused.page)
    second = await stand.store.read(lambda session: refused.page(session, first["older"]))
    assert [row["is_result"] for row in first["rows"] + second["rows"]] == [True, True, False]
    assert second["older"] is None
    assert "payload" not in first["rows"][0]


def test_nothing_in_a_message_is_hidden() -> None:
    text = refused.readable(b"\x1b[2J\xff\n\xe2\x80\xaeabc", 100)
    assert text == "\\x1b[2J\\xff\n\\u202eabc"
    assert refused.readable(b"abc", 2) == "ab"


def test_a_message_is_corrected_in_lines_where_it_has_a_form() -> None:
    assert refused.editable(b'{"a":[1.5,"\xc3\xa9"]}') == '{\n  "a": [\n    1.5,\n    "é"\n  ]\n}'
    assert refused.editable(b'{"a": \xff') == '{"a": \ufffd'
    assert refused.editable(b"[" * 100_000) == "[" * 100_000
