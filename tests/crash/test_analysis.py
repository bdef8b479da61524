"""The daemon killed while a file becomes a value: the value stands once, and the file is read again only if need be."""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlmodel import Session, SQLModel, select

from controller.report.audit import audit
from controller.store.tables import Attempt, Event, Measurement, StoredFile
from tests.controller.test_analysis import BY_HAND, spectrum, text
from tests.laboratory.operator import Operator
from tests.laboratory.processes import Kept

POINTS = ("file", "measure", "analysis", "analyse")


@pytest.mark.slow
@pytest.mark.parametrize("point", [f"commit:{name}:{side}" for name in POINTS for side in ("before", "after")])
async def test_a_file_that_is_being_read(tmp_path: Path, point: str) -> None:
    (tmp_path / "colour.yaml").write_text(text(BY_HAND))
    (tmp_path / "mine.csv").write_text(spectrum(1.0))
    data = tmp_path / "data"
    daemon = Kept(
        "daemon",
        [sys.executable, "-m", "controller.cli", "serve", "--data", str(data)],
        tmp_path / "log",
        environment=lambda start: {"TATARA_KILL_AT": point} if start == 0 else {},
    )
    operator = Operator(data)
    await daemon.start()
    try:
        async with asyncio.timeout(60):
            await operator.submit(tmp_path / "colour.yaml")
            task = (await answer(operator, "tasks", lambda rows: bool(rows)))[0]
            await operator.insist("measure", task["id"], "temperature=20degC", "--file", str(tmp_path / "mine.csv"))
            await answer(operator, "campaign show colour", lambda row: row["state"] == "completed")
            await operator.insist("analyse", "colour", "--why", "once more")
            while "attempt.analysed-again" not in {row.kind for row in rows(data, Event)}:
                await asyncio.sleep(0.05)
    finally:
        await daemon.end()
    assert daemon.deaths == 1, "the point was reached"
    assert [row.state for row in rows(data, Attempt)] == ["succeeded"]
    assert Counter(row.property for row in rows(data, Measurement)) == {"absorbed": 1, "temperature": 1}
    assert len(rows(data, StoredFile)) == 1
    told = Counter(row.kind for row in rows(data, Event))
    assert (told["attempt.analyse"], told["attempt.succeed"]) == (1, 1)
    with Session(create_engine(f"sqlite:///{data / 'tatara.db'}")) as session:
        assert audit(session).ok


async def answer(operator: Operator, words: str, wanted: Any) -> Any:
    """Ask until the answer is the wanted one; the daemon may be away for a while."""
    while True:
        code, said = await operator.command(*words.split())
        if code == 0 and wanted(said):
            return said
        await asyncio.sleep(0.1)


def rows(data: Path, table: type[SQLModel]) -> list[Any]:
    with Session(create_engine(f"sqlite:///{data / 'tatara.db'}")) as session:
        return list(session.scalars(select(table)))
