"""Names of files, as any machine may have them, and what is told of them."""

import os
from pathlib import Path

import h11
import pytest

from adapters.instruments.upload import UploadError, described, headers_of


@pytest.mark.parametrize("name", [b"new\nline.csv", " µ .csv ".encode(), b"tab\t", b"[1]\x7f\x01.csv"])
def test_odd_names_can_be_sent(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_text("1,2\n")
    file = described(path)
    assert file.name == path.name
    h11.Request(method="PUT", target="/", headers=[("Host", "here"), *headers_of(file).items()])


@pytest.mark.parametrize("name", [b"x" * 240, b"bad\xff.csv"])
def test_names_that_no_result_can_hold_are_told(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_text("1,2\n")
    with pytest.raises(UploadError, match="name"):
        described(path)
