"""A message by e-mail: SMTP with TLS, in a thread, to the address that was looked at."""

import asyncio
import contextlib
import logging
import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from adapters.receivers.addresses import NotDelivered, allowed_addresses

log = logging.getLogger("tatara.alerts")

LIMIT_S = 20.0  # mail servers let strangers wait on purpose
STEP_S = 10.0


@dataclass(frozen=True)
class Letter:
    """What is sent, from whom to whom; `id` is the same whenever the same message is sent again."""

    id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str


async def send_mail(
    host: str,
    port: int,
    letter: Letter,
    *,
    starttls: bool,
    login: tuple[str, str] | None = None,
    allow: Sequence[str] = (),
    ca_file: Path | None = None,
    limit_s: float = LIMIT_S,
) -> None:
    """Deliver a letter. Raises `NotDelivered`."""
    lines: list[socket.socket] = []
    try:
        async with asyncio.timeout(limit_s):
            addresses = await allowed_addresses(host, port, allow)
            await asyncio.to_thread(_send, host, port, addresses, _message(letter), starttls, login, ca_file, lines)
    except TimeoutError:
        raise NotDelivered(f"no answer within {limit_s:g} s") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(_said(error)) from None
    finally:
        _hang_up(lines)


def _hang_up(lines: list[socket.socket]) -> None:
    """A server that says a letter now and then would keep its thread for hours, and the daemon from ending."""
    for line in lines:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        line.close()


def _send(
    host: str,
    port: int,
    addresses: Sequence[str],
    message: EmailMessage,
    starttls: bool,
    login: tuple[str, str] | None,
    ca_file: Path | None,
    lines: list[socket.socket],
) -> None:
    tls = ssl.create_default_context(cafile=ca_file)
    with _Connection(host, port, addresses, None if starttls else tls, lines) as server:
        if starttls:
            server.starttls(context=tls)  # raises if the server knows no TLS
        if login is not None:
            server.login(*login)
        for address, (code, _) in server.send_message(message).items():
            log.warning("the mail server %s takes nothing for %s (%d)", host, address, code)


class _Connection(smtplib.SMTP):
    """Connects to addresses that were looked at; the certificate must be that of the name. `lines`: to hang up."""

    def __init__(
        self, host: str, port: int, addresses: Sequence[str], tls: ssl.SSLContext | None, lines: list[socket.socket]
    ) -> None:
        self._addresses = addresses
        self._tls = tls
        self._lines = lines
        super().__init__(host, port, timeout=STEP_S)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        for address in self._addresses:
            try:
                plain = socket.create_connection((address, port), timeout)
            except OSError:
                if address == self._addresses[-1]:
                    raise
                continue
            self._lines.append(plain.dup())
            return plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=host)
        raise OSError(f"{host} has no address")


def _message(letter: Letter) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = letter.sender, ", ".join(letter.to)
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{letter.id}@{letter.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday answers
    message.set_content(letter.text)
    return message


def _said(error: Exception) -> str:
    """What the server said; a refused login says nothing of the password."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the server refuses user name or password ({error.smtp_code})"
    return f"{type(error).__name__}: {error}"
