"""Pictures of what people and instruments wrote, made in processes of their own with a deadline and little memory."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.compute import TaskFailed, Workers
from controller.commands.errors import Invalid
from controller.report.contents import PICTURES, Seen, seen_from
from controller.report.drawings import LONGEST, NotDrawable, Scene, scene_from

TASKS = "controller.effects.tasks"
DEADLINE_S = 20.0  # most of it is for a process that starts on a busy machine
MEMORY = 1024**3  # bytes of address space, of which the libraries take a third
KEPT = 1024  # molecules
KEPT_CHARACTERS = 16 * 1024**2  # of all of them; one that is drawn to be large takes 200,000

Plain = dict[str, Any]


class Pictures:
    """Draws molecules, one at a time, and crystals, and looks into files; its processes are kept for the next ones."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._workers = Workers(2, MEMORY)  # a file may take seconds; those of the campaigns have other work
        self._deadline_s = deadline_s
        self._molecules: OrderedDict[str, Plain] = OrderedDict()
        self._turn = asyncio.Lock()

    async def molecule(self, smiles: str) -> bytes:
        """A molecule as SVG; raises `NotDrawable`. What cost the process its life is not tried again."""
        if len(smiles) > LONGEST:
            raise NotDrawable(f"a SMILES of more than {LONGEST} characters is not drawn")
        async with self._turn:
            found = self._molecules.pop(smiles, None)
            if found is None:
                found = await self._drawn("draw_molecule", {"smiles": smiles})
            self._molecules[smiles] = found
            while len(self._molecules) > KEPT or self._characters() > KEPT_CHARACTERS:
                self._molecules.popitem(last=False)
        return str(_picture(found, "svg")).encode("iso-8859-1", "xmlcharrefreplace")

    def _characters(self) -> int:
        return sum(len(each.get("svg", "")) for each in self._molecules.values())

    async def crystal(self, candidate: Mapping[str, Any]) -> Scene:
        """A crystal's cell in space; raises `NotDrawable`."""
        return scene_from(_picture(await self._drawn("draw_crystal", {"candidate": dict(candidate)}), "scene"))

    async def file(self, path: Path, media_type: str) -> Seen:
        """What of a file can be shown; a picture is left to the browser. Raises `Invalid`."""
        if media_type in PICTURES:
            return Seen(picture=True)
        try:
            return seen_from(await self._workers.run(f"{TASKS}:look_into", {"path": str(path)}, self._deadline_s))
        except TaskFailed as error:
            raise Invalid(f"the file could not be looked into: {error}") from error

    async def stop(self) -> None:
        """End the processes."""
        await self._workers.stop()

    async def _drawn(self, task: str, payload: Plain) -> Plain:
        try:
            return await self._workers.run(f"{TASKS}:{task}", payload, self._deadline_s)
        except TaskFailed as error:
            return {"why": str(error)}


def _picture(found: Plain, key: str) -> Any:
    if "why" in found:
        raise NotDrawable(found["why"])
    return found[key]
