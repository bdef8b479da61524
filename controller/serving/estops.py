"""The e-stop: published before it is recorded, and recorded for as long as it takes."""

import asyncio
from dataclasses import dataclass, field

from controller.access.actors import Actor
from controller.commands.instruments import record_estop
from controller.serving.services import Services
from controller.store import LostLock, StoreUnavailable, Unit

PUBLISH_WITHIN = 3.0  # seconds
ANSWER_WITHIN = 2.0  # seconds to wait for the record before the answer goes out
PAUSE = 1.0  # seconds between two tries to record


@dataclass
class Recorder:
    """Keeps the tasks that record e-stops; each goes on until the database takes it."""

    services: Services
    tasks: set[asyncio.Task[bool]] = field(default_factory=set)

    async def stop(self, actor: Actor, instrument: str | None, why: str) -> dict[str, object]:
        """Publish, then record; raises `NotFound`, after publishing, for an instrument that is not enrolled."""
        estop_id = Unit.new_id()
        published = await self._publish(estop_id, instrument, why)
        recording = asyncio.create_task(self._record(actor, estop_id, instrument, why), name=f"estop-{estop_id}")
        self.tasks.add(recording)
        recording.add_done_callback(self.tasks.discard)
        await asyncio.wait({recording}, timeout=ANSWER_WITHIN)
        recorded = recording.done() and recording.result()
        return {"id": estop_id, "published": published, "recorded": recorded, "message": _said(published, recorded)}

    async def _publish(self, estop_id: str, instrument: str | None, why: str) -> bool:
        try:
            await asyncio.wait_for(self.services.publish_estop(estop_id, instrument, why), PUBLISH_WITHIN)
        except OSError:  # the broker is away (a ConnectionError) or silent (a TimeoutError)
            return False
        return True

    async def _record(self, actor: Actor, estop_id: str, instrument: str | None, why: str) -> bool:
        while True:
            try:
                await self.services.store.write(
                    lambda unit: record_estop(unit, actor, estop_id, instrument, why).id, name="estop"
                )
                return True
            except StoreUnavailable:
                await asyncio.sleep(PAUSE)
            except LostLock:
                return False  # another daemon writes now, and hears of the stop from the instruments

    def close(self) -> None:
        """Give up what is not recorded; the instruments hold the stop and report it when they see a daemon again."""
        for task in self.tasks:
            task.cancel()


def _said(published: bool, recorded: bool) -> str:
    told = "published" if published else "NOT PUBLISHED: the broker cannot be reached; use the wired stop"
    kept = "recorded" if recorded else "not recorded yet: the database cannot commit; it is tried again until it can"
    return f"{told}; {kept}"
