"""A helper process that ends when the process that started it does, also when that one is killed."""

import asyncio
import sys


async def parent_gone() -> None:
    """Return when standard input reaches its end: the parent holds the other end of that pipe."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass
