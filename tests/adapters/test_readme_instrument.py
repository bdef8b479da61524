"""The instrument in the client library's README, as it stands there: a program of its own that conforms."""

import asyncio
import os
import re
import sys
from importlib.resources import files
from pathlib import Path

from adapters.instruments.conformance import Patience, Stand, Talk, Verdict, attempts, commands, examine, meet, stops
from tests.adapters.helpers import PASSWORD, SITE

README = (files("adapters.instruments") / "README.md").read_text(encoding="utf-8")
PATIENCE = Patience(answer_s=5, run_s=10, come_s=20, quiet_s=0.3)


def program() -> str:
    (found,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    return str(found)


async def test_it_conforms(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    (tmp_path / "reactor.py").write_text(program(), encoding="utf-8")
    async with (
        Stand(tmp_path / "broker", SITE, "reactor-1", PASSWORD) as stand,
        Talk(stand.address, SITE, "reactor-1", PATIENCE) as talk,
    ):
        settings = {
            **os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_PROXY": "127.0.0.1",
            "BROKER_PORT": str(stand.port), "DAEMON_URL": stand.files_url,
        }  # fmt: skip
        running = await asyncio.create_subprocess_exec(sys.executable, "reactor.py", cwd=tmp_path, env=settings)
        try:
            subject = await meet(talk)
            subject.wires = stand
            findings = await examine(subject, lambda _: None, [attempts, commands, stops])
        finally:
            running.terminate()
            assert await asyncio.wait_for(running.wait(), 10) == 0
    assert [each for each in findings if each.verdict is Verdict.FAILED] == []
    seen = {each.what: each.seen for each in findings}
    assert seen["the other capabilities"] == "measure: absorbance = 0.31 dimensionless"
    assert seen["files that results name were put before"] == "1 put in time"  # all have the same content
