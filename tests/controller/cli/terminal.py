"""Runs the command line as a process of its own."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs `tatara` as somebody, in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "controller.cli", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "200", **self.environment},
        )

    async def run(self, *arguments: str) -> Done:
        async with asyncio.timeout(30):
            process = await self.start(*arguments)
            out, err = await process.communicate()
        return Done(process.returncode or 0, out.decode(), err.decode())
