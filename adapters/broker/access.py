"""Who may read and write which topic, as pure functions; mosquitto and the embedded broker enforce the same lines."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from adapters.instruments.topics import HOST, ROOT

Verb = Literal["read", "write"]
Rule = tuple[Verb, str]

PASSWORDS = "passwords"
ACL = "acl"
_ITERATIONS = 10_000


@dataclass(frozen=True)
class Login:
    """A client of the broker: its password's hash and what it may do."""

    password_hash: str
    rules: tuple[Rule, ...]


def instrument_rules(site: str, instrument: str) -> list[Rule]:
    """What an instrument may do: write its own accounts and answers, read its own work, commands and the host."""
    if instrument == HOST:
        raise ValueError(f"an instrument cannot be named {HOST!r}: that topic belongs to the daemon")
    below = f"{ROOT}/{site}/{instrument}"
    written = ["state", "description", "heartbeat", "attempt/+/status", "attempt/+/result"]
    read = ["attempt/+/request", "attempt/+/receipt", "command"]
    return [
        *(("write", f"{below}/{kind}") for kind in written),
        *(("read", f"{below}/{kind}") for kind in read),
        ("read", f"{ROOT}/{site}/{HOST}/#"),
    ]


def daemon_rules(site: str) -> list[Rule]:
    """What the daemon may do: read its site, and write requests, receipts, commands and its own state."""
    written = ["+/attempt/+/request", "+/attempt/+/receipt", "+/command", f"{HOST}/+/state"]
    return [("read", f"{ROOT}/{site}/#"), *(("write", f"{ROOT}/{site}/{kind}") for kind in written)]


def site_logins(site: str, daemon: str, daemon_hash: str, instruments: Mapping[str, str]) -> dict[str, Login]:
    """Everybody whom a site's broker lets in: the daemon, and its instruments by name and password hash."""
    logins = {name: Login(hashed, tuple(instrument_rules(site, name))) for name, hashed in instruments.items()}
    return logins | {daemon: Login(daemon_hash, tuple(daemon_rules(site)))}


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Whether the filter covers the topic, or covers every topic of another filter."""
    if topic.startswith("$") and topic_filter[:1] in "+#":
        return False
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for position, level in enumerate(wanted):
        if level == "#":
            return True
        if position >= len(levels) or levels[position] == "#" or level not in ("+", levels[position]):
            return False
    return len(wanted) == len(levels)


def allowed(rules: Iterable[Rule], verb: Verb, topic: str) -> bool:
    """Whether any rule grants the verb on the topic or topic filter."""
    return any(granted == verb and topic_matches(topic_filter, topic) for granted, topic_filter in rules)


def make_password() -> str:
    """A new random password."""
    return secrets.token_urlsafe(32)


def hash_password(password: str, iterations: int = _ITERATIONS) -> str:
    """Hash as `mosquitto_passwd` does: `$7$iterations$salt$hash`, PBKDF2 with SHA-512, base64."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def verify_password(password: str, password_hash: str) -> bool:
    """Whether the password is the one that was hashed by `hash_password` or `mosquitto_passwd`."""
    empty, kind, iterations, salt, digest = password_hash.split("$")
    if (empty, kind) != ("", "7"):
        raise ValueError("not a PBKDF2-SHA512 hash of mosquitto_passwd ($7$)")
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations))
    return hmac.compare_digest(made, base64.b64decode(digest))


def password_lines(logins: Mapping[str, Login]) -> str:
    """Text of the password file."""
    return "".join(f"{user}:{login.password_hash}\n" for user, login in sorted(logins.items()))


def mosquitto_acl(logins: Mapping[str, Login]) -> str:
    """Text of the ACL file: a block for each user, and nothing for anybody else."""
    blocks = []
    for user, login in sorted(logins.items()):
        lines = [f"user {user}", *(f"topic {verb} {topic_filter}" for verb, topic_filter in login.rules)]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def write_access(directory: Path, logins: Mapping[str, Login]) -> None:
    """Write password and ACL file (0600), each at once; a running broker takes them at `reload` (SIGHUP)."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in ((PASSWORDS, password_lines(logins)), (ACL, mosquitto_acl(logins))):
        write_owned(directory / name, text)


def write_owned(path: Path, text: str, mode: int = 0o600, *, owned: bool = True) -> None:
    """Write a file at once. `owned`: root gives it to whom the folder belongs, that is to the broker's account."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        if owned and os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_access(directory: Path) -> dict[str, Login]:
    """Read back what `write_access` wrote; raises `ValueError` for a line that it would not write."""
    hashes = dict(line.split(":", 1) for line in (directory / PASSWORDS).read_text(encoding="utf-8").splitlines())
    rules: dict[str, list[Rule]] = {user: [] for user in hashes}
    user = ""
    for line in (directory / ACL).read_text(encoding="utf-8").splitlines():
        match line.split(maxsplit=2):
            case []:
                continue
            case ["user", name]:
                user = name
            case ["topic", ("read" | "write") as verb, topic_filter]:
                rules[user].append((verb, topic_filter))
            case _:
                raise ValueError(f"{directory / ACL}: cannot read {line!r}")
    return {name: Login(password_hash, tuple(rules[name])) for name, password_hash in hashes.items()}
