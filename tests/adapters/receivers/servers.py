"""Real servers on loopback, with a certificate of their own: one that takes webhooks, one that takes mail."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from adapters.broker.certificates import make_certificate


@dataclass(frozen=True)
class Trust:
    """The server's side of TLS, and the authority that its clients trust."""

    server: ssl.SSLContext
    ca_file: Path


def make_trust(folder: Path, *hosts: str) -> Trust:
    folder.mkdir(exist_ok=True)
    certificate, key = make_certificate(folder, "lab", hosts or ("127.0.0.1", "localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return Trust(context, folder / "ca.crt")


@dataclass
class Web:
    """Answers each POST with `status`; `slow` answers one header line after the other and never ends."""

    status: str = "204 No Content"
    headers: str = ""
    slow: bool = False
    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/hook?room=1"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value for name, _, value in lines} | {"": head.split("\r\n")[0]}
            self.got.append((headers, await reader.readexactly(int(headers.get("content-length", "0")))))
            writer.write(f"HTTP/1.1 {self.status}\r\n{self.headers}".encode())
            while self.slow:
                writer.write(b"X-Wait: more\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
            writer.write(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def web_server(trust: Trust, web: Web) -> AsyncIterator[Web]:
    server = await asyncio.start_server(web.answer, "127.0.0.1", 0, ssl=trust.server)
    web.port = server.sockets[0].getsockname()[1]
    try:
        yield web
    finally:
        server.close()


@dataclass
class Post:
    """A mail server that speaks TLS after STARTTLS, or from the start, and wants a login."""

    trust: Trust
    starttls: bool = True
    password: str = "secret"
    port: int = 0
    letters: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted = not self.starttls

        async def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        await say("220 here")
        while line := (await reader.readline()).decode().strip():
            match line.upper().split()[0]:
                case "EHLO" if encrypted:
                    await say("250-here\r\n250 AUTH PLAIN")
                case "EHLO":
                    await say("250-here\r\n250 STARTTLS")
                case "STARTTLS":
                    await say("220 go on")
                    await writer.start_tls(self.trust.server)
                    encrypted = True
                case "AUTH":
                    self.logins.append(base64.b64decode(line.split()[2]).decode())
                    await say("235 welcome" if self.logins[-1].endswith(f"\0{self.password}") else "535 no")
                case "DATA":
                    await say("354 go on")
                    self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                    await say("250 taken")
                case "QUIT":
                    await say("221 bye")
                    break
                case _:
                    await say("250 ok" if encrypted else "530 STARTTLS first")
        writer.close()


@contextlib.asynccontextmanager
async def mail_server(post: Post) -> AsyncIterator[Post]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            await post.answer(reader, writer)

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=None if post.starttls else post.trust.server)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
