"""A private authority and the broker's certificate, made by `openssl`, for sites that have no other."""

import ipaddress
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from adapters.broker.access import write_owned

AUTHORITY, AUTHORITY_KEY = "ca.crt", "ca.key"
CERTIFICATE, KEY = "server.crt", "server.key"
_AUTHORITY_DAYS, _DAYS = 3650, 825  # more than 825 days is refused by some clients
_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,64}")
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_CONFIG = """
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {hosts}
"""


class NoCertificate(RuntimeError):
    """`openssl` is missing or refused; the text says what to do."""


def make_certificate(folder: Path, site: str, hosts: Sequence[str]) -> tuple[Path, Path]:
    """A new certificate for these names and addresses, and its key, in `folder`; the authority there is kept.

    The authority's key stays with whoever runs this, and may be locked away. Raises `NoCertificate`.
    """
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise NoCertificate(f"{host!r} is no host: give a name such as lab.example.org, or an address")
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        _ensure_authority(folder, room, site)
        _config(room, hosts[0], hosts)
        _openssl(room, "req", "-new", *_NEW_KEY, "-config", "config", "-keyout", KEY, "-out", "request")
        _openssl(
            room, "x509", "-req", "-in", "request", "-CA", str(folder / AUTHORITY), "-CAkey",
            str(folder / AUTHORITY_KEY), "-set_serial", f"0x{secrets.token_hex(16)}", "-days", str(_DAYS),
            "-extfile", "config", "-extensions", "server", "-out", CERTIFICATE,
        )  # fmt: skip
        write_owned(folder / KEY, (room / KEY).read_text(encoding="ascii"))
        write_owned(folder / CERTIFICATE, (room / CERTIFICATE).read_text(encoding="ascii"), 0o644)
    return folder / CERTIFICATE, folder / KEY


def _ensure_authority(folder: Path, room: Path, site: str) -> None:
    if (folder / AUTHORITY_KEY).exists():
        return
    if (folder / AUTHORITY).exists():
        raise NoCertificate(f"{folder / AUTHORITY_KEY} is not there: put it back, or remove {folder / AUTHORITY} too")
    _config(room, f"Tatara {site}", [])
    days = ("-days", str(_AUTHORITY_DAYS))
    _openssl(room, "req", "-x509", *days, *_NEW_KEY, "-config", "config", "-keyout", "key", "-out", "certificate")
    write_owned(folder / AUTHORITY_KEY, (room / "key").read_text(encoding="ascii"), owned=False)
    write_owned(folder / AUTHORITY, (room / "certificate").read_text(encoding="ascii"), 0o644)


def _config(room: Path, name: str, hosts: Sequence[str]) -> None:
    named = ", ".join(_alternative(host) for host in hosts) or "DNS:none"
    (room / "config").write_text(_CONFIG.format(name=name, hosts=named), encoding="ascii")


def _alternative(host: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(host)}"
    except ValueError:
        return f"DNS:{host}"


def _openssl(room: Path, *arguments: str) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        raise NoCertificate("openssl is not installed: install it, or give --cert and --key of a certificate you have")
    done = subprocess.run([openssl, *arguments], cwd=room, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoCertificate(f"openssl {arguments[0]}: {done.stderr.strip()}")
