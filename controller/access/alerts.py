"""The section `alerts` of the site file: what is told, to whom, and how often. Secrets stand in files of their own."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from controller.spec.fields import Identifier, Seconds, Section

RuleName = Literal[
    "approval-waiting", "instrument-lost", "campaign-paused", "attempt-in-doubt", "target-reached", "budget"
]
RULES: tuple[RuleName, ...] = get_args(RuleName)

HOUR, DAY = 3600.0, 86400.0


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("should begin with https:// and name a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("should hold no user, no password and no fragment")
    _ = parts.port  # raises ValueError
    return url


def _network(text: str) -> str:
    ipaddress.ip_network(text)  # raises ValueError
    return text


def _address(text: str) -> str:
    """As it may stand in a header."""
    name, _, domain = text.rpartition("@")
    if not name or not domain or not text.isprintable() or any(c in text for c in " ,;<>"):
        raise ValueError("should be one e-mail address, such as name@example.org")
    return text


MailAddress = Annotated[str, AfterValidator(_address)]


class _Receiver(Section):
    """`rules`: those that it is told of; without it, all."""

    name: Identifier
    rules: list[RuleName] = Field(default=list(RULES), min_length=1)
    ca_file: Path | None = None  # None: the system's authorities


class Webhook(_Receiver):
    """A message is posted as JSON, signed with the key in `key_file`."""

    kind: Literal["webhook"]
    url: Annotated[str, AfterValidator(_https)]
    key_file: Path


class Mail(_Receiver):
    """A message is sent by e-mail, never without TLS."""

    kind: Literal["mail"]
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "tls"] = "starttls"
    username: str | None = None
    password_file: Path | None = None
    sender: MailAddress
    to: list[MailAddress] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _both_or_neither(self) -> "Mail":
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        return self


Receiver = Annotated[Webhook | Mail, Field(discriminator="kind")]


class Rules(Section):
    """What is told. `null` or `false` turns a rule off."""

    approval_waiting: Seconds | None = HOUR
    instrument_lost: bool = True
    campaign_paused: bool = True  # by itself: the circuit breaker, a strategy that failed
    attempt_in_doubt: bool = True
    target_reached: bool = True  # the campaign has ended by itself
    budget: float | None = Field(default=0.8, gt=0, le=1)  # this share of it is spent


class AlertsSection(Section):
    """Receivers and rules. Addresses that are not public are refused unless `allow` lists them."""

    receivers: list[Receiver] = []
    rules: Rules = Rules()
    group: Seconds = 60.0  # what happens within it is one message
    repeat: list[Seconds] = Field(default=[HOUR, 4 * HOUR, DAY], min_length=1)  # the last one goes on
    allow: list[Annotated[str, AfterValidator(_network)]] = []
    console: str | None = None  # the address of the console, for the messages

    @model_validator(mode="after")
    def _different_names(self) -> "AlertsSection":
        names = [each.name for each in self.receivers]
        if len(set(names)) != len(names):
            raise ValueError("two receivers have the same name")
        return self

    def receiver(self, name: str) -> Webhook | Mail | None:
        """By its name."""
        return next((each for each in self.receivers if each.name == name), None)

    def secret_files(self) -> list[Path]:
        """Where keys and passwords stand."""
        files = [each.key_file if isinstance(each, Webhook) else each.password_file for each in self.receivers]
        return [each for each in files if each is not None]
