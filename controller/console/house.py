"""What the pages have in common: the daemon's services, and who is signed in."""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from controller.access.actors import Actor
from controller.access.sign_ins import find_signed_in
from controller.console.limiter import Limiter
from controller.console.looks import Looks
from controller.serving import Auditor, Bell, Pictures, Recorder, Services


@dataclass
class House:
    """One daemon's console."""

    services: Services
    bell: Bell
    recorder: Recorder
    limiter: Limiter = field(default_factory=Limiter)
    pictures: Pictures = field(default_factory=Pictures)
    exporting: asyncio.Lock = field(default_factory=asyncio.Lock)  # pages that read long have their turn in between
    _drawing: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    auditor: Auditor = field(init=False)
    looks: Looks = field(init=False)

    def __post_init__(self) -> None:
        self.auditor = Auditor(self.services)
        self.looks = Looks(self.bell)

    def drawing(self, name: str) -> asyncio.Lock:
        """One drawing at a time for each person: whoever asks for many keeps nobody else waiting."""
        return self._drawing.setdefault(name, asyncio.Lock())

    async def actor(self, secret: str | None) -> Actor | None:
        """Who is signed in with this session; raises `StoreUnavailable`."""
        if secret is None:
            return None
        now = self.services.store.clock()
        return await self.services.store.read(lambda session: find_signed_in(session, secret, now))
