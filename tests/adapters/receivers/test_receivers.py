"""Messages to real servers on loopback, and where none may go."""

import asyncio
import contextlib
import email
import hashlib
import hmac
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from adapters.receivers import Letter, NotDelivered, Refused, post, refusal, send_mail
from tests.adapters.receivers.servers import Post, Trust, Web, mail_server, make_trust, web_server

HERE = ["127.0.0.1"]
KEY = b"a key"
LETTER = Letter("m1", "tatara@example.org", ("ada@example.org", "otto@example.org"), "1 new\r\nBcc: x", "It is läte.\n")

NOWHERE = [
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%1",
    "fc00::1",
    "fd12::1",
    "fec0::1",
    "224.0.0.1",
    "ff02::1",
    "100.64.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "::7f00:1",
    "2001:db8::1",
]
SOMEWHERE = ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return make_trust(tmp_path_factory.mktemp("trust"))


@pytest.mark.parametrize("address", NOWHERE)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert refusal(ip_address(address)) is not None


@pytest.mark.parametrize("address", SOMEWHERE)
def test_public_addresses_are_not(address: str) -> None:
    assert refusal(ip_address(address)) is None


def test_what_the_site_lists_is_allowed_and_nothing_beside_it() -> None:
    assert refusal(ip_address("10.1.2.3"), ["10.1.2.0/24"]) is None
    assert refusal(ip_address("::ffff:10.1.2.3"), ["10.1.2.0/24"]) is None
    assert refusal(ip_address("10.1.3.3"), ["10.1.2.0/24", "fd00::/8"]) is not None


async def test_a_webhook_is_signed_and_arrives(trust: Trust) -> None:
    async with web_server(trust, Web()) as web:
        await post(web.url, "m1", b'{"a": 1}', KEY, allow=HERE, ca_file=trust.ca_file)
    [(headers, body)] = web.got
    assert (headers[""], headers["host"], headers["tatara-id"], body) == (
        "POST /hook?room=1 HTTP/1.1",
        f"127.0.0.1:{web.port}",
        "m1",
        b'{"a": 1}',
    )
    told = headers["tatara-timestamp"].encode() + b"." + body
    assert headers["tatara-signature"] == "sha256=" + hmac.new(KEY, told, hashlib.sha256).hexdigest()
    assert KEY.decode() not in str(headers)


async def test_redirects_are_not_followed(trust: Trust) -> None:
    async with web_server(trust, Web()) as other, web_server(trust, Web("307 Moved")) as web:
        web.headers = f"Location: {other.url}\r\n"
        with pytest.raises(NotDelivered, match="307: redirects are not followed"):
            await post(web.url, "m1", b"{}", KEY, allow=HERE, ca_file=trust.ca_file)
    assert (len(web.got), other.got) == (1, [])


async def test_a_server_that_keeps_us_waiting_is_left(trust: Trust) -> None:
    """Each line of its answer comes quickly; the answer does not end."""
    async with web_server(trust, Web(slow=True)) as web:
        with pytest.raises(NotDelivered, match=r"no answer within 0\.3 s"):
            await post(web.url, "m1", b"{}", KEY, allow=HERE, ca_file=trust.ca_file, limit_s=0.3)


@pytest.mark.parametrize("host", ["a..b", "x" * 64, "\N{PILE OF POO}" * 40, "a\0b", ""])
async def test_names_that_are_none_are_told(host: str) -> None:
    with pytest.raises(NotDelivered):
        await send_mail(host, 25, LETTER, starttls=True)
    if host:
        with pytest.raises(NotDelivered):
            await post(f"https://{host}/", "m1", b"{}", KEY)


async def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(NotDelivered, match="InvalidURL"):
        await post("https://127.0.0.1:9/\x01", "m1", b"{}", KEY, allow=HERE)


@pytest.mark.parametrize("starttls", [True, False])
async def test_a_mail_server_that_never_ends_a_line_keeps_no_thread(starttls: bool) -> None:
    left = asyncio.Event()

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"\x16" if not starttls else b"2")
                await writer.drain()
                await asyncio.sleep(0.05)
        left.set()
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(
            NotDelivered, match=r"no answer within 0\.5 s" if starttls else "WRONG_VERSION|no answer|SSL"
        ):
            await send_mail("127.0.0.1", port, LETTER, starttls=starttls, allow=HERE, limit_s=0.5)
        await asyncio.wait_for(left.wait(), 2)


async def test_other_failures_are_told(trust: Trust) -> None:
    async with web_server(trust, Web(status="500 No")) as web:
        with pytest.raises(NotDelivered, match="it answered 500"):
            await post(web.url, "m1", b"{}", KEY, allow=HERE, ca_file=trust.ca_file)
        with pytest.raises(NotDelivered, match="CERTIFICATE_VERIFY_FAILED"):
            await post(web.url, "m1", b"{}", KEY, allow=HERE)
        with pytest.raises(NotDelivered, match="only https"):
            await post(web.url.replace("https", "http"), "m1", b"{}", KEY, allow=HERE)
    with pytest.raises(NotDelivered, match="ConnectError"):
        await post(web.url, "m1", b"{}", KEY, allow=HERE, ca_file=trust.ca_file)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "2130706433", "0x7f.1"])
async def test_loopback_is_refused_however_it_is_written(trust: Trust, host: str) -> None:
    async with web_server(trust, Web()) as web:
        with pytest.raises(Refused, match=r"alerts\.allow"):
            await post(f"https://{host}:{web.port}/", "m1", b"{}", KEY, ca_file=trust.ca_file)
    assert web.got == []


async def test_the_connection_goes_to_the_address_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is resolved once: another answer a moment later is never asked for. The certificate is the name's."""
    trust = make_trust(tmp_path, "hook.example.org")
    asked: list[str] = []

    def rebinding(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        """An allowed address for who asks once, another one for who asks again."""
        if host != "127.0.0.1":
            asked.append(host)
        address = "127.0.0.1" if asked.count(host) <= 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with web_server(trust, Web()) as web, mail_server(Post(trust)) as mail:
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        url = f"https://hook.example.org:{web.port}/"
        await post(url, "m1", b"{}", KEY, allow=HERE, ca_file=trust.ca_file)
        assert web.got[0][0]["host"] == f"hook.example.org:{web.port}"
        asked.clear()
        options: dict[str, Any] = {"starttls": True, "allow": HERE, "ca_file": trust.ca_file}
        await send_mail("hook.example.org", mail.port, LETTER, **options)
        with pytest.raises(NotDelivered, match="CERTIFICATE_VERIFY_FAILED"):
            await post(url.replace("hook", "other"), "m1", b"{}", KEY, allow=HERE, ca_file=trust.ca_file)
    assert asked == ["hook.example.org", "other.example.org"]
    assert len(mail.letters) == 1


@pytest.mark.parametrize("starttls", [True, False])
async def test_a_letter_arrives_by_tls(trust: Trust, starttls: bool) -> None:
    async with mail_server(Post(trust, starttls)) as server:
        await send_mail(
            *("localhost", server.port, LETTER),
            starttls=starttls,
            login=("tatara", "secret"),
            allow=["127.0.0.1", "::1"],
            ca_file=trust.ca_file,
        )
    [text] = server.letters
    letter = email.message_from_string(text)
    assert (letter["Message-ID"], letter["To"]) == ("<m1@example.org>", "ada@example.org, otto@example.org")
    assert (letter["Subject"], letter["Bcc"]) == ("1 new Bcc: x", None)
    assert server.logins == ["\0tatara\0secret"]


async def test_a_letter_goes_to_nobody_who_knows_no_tls_or_is_not_known(trust: Trust) -> None:
    async with mail_server(Post(trust)) as server:
        options: dict[str, Any] = {"starttls": True, "ca_file": trust.ca_file}
        with pytest.raises(Refused):
            await send_mail("127.0.0.1", server.port, LETTER, **options)
        with pytest.raises(NotDelivered, match=r"refuses user name or password \(535\)") as caught:
            await send_mail("127.0.0.1", server.port, LETTER, **options, allow=HERE, login=("tatara", "wrong-one"))
        assert "wrong-one" not in str(caught.value)
        with pytest.raises(NotDelivered, match="CERTIFICATE_VERIFY_FAILED"):
            await send_mail("127.0.0.1", server.port, LETTER, starttls=True, allow=HERE)
    assert server.letters == []
