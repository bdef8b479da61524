"""The broker: reached by its name with a certificate that we trust, closed to strangers, and with the right ACL."""

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any

import aiomqtt

from adapters.instruments.host import Address, rights_of
from adapters.instruments.rights import Right
from adapters.instruments.tls import tls_for
from controller.access.site import BrokerSection, Site
from controller.report.doctor.finding import Finding
from controller.store import LockedElsewhere
from controller.store.database import Lock, open_engine

NOT_LET_IN = (4, 5, 134, 135)  # by the codes of MQTT 3.1.1 and 5

PATIENCE_S = 5.0
DAYS = 30


async def look(section: BrokerSection) -> list[Finding]:
    """Port, certificate, and whether it is closed to those without a password."""
    where = f"{section.host}:{section.port}"
    try:
        tls = tls_for(section.host, section.ca_file)
    except OSError as error:
        return [Finding("broker TLS", f"{section.ca_file}: {error}", "`ca_file` should be the authority's certificate")]
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(section.host, section.port, ssl=tls)
    except ssl.SSLCertVerificationError as error:
        mend = "the certificate must name `host`, and be signed by `ca_file`: `tatara broker config --self-signed HOST`"
        return [Finding("broker TLS", f"{where}: {error.verify_message}", mend)]
    except (OSError, TimeoutError) as error:
        why = str(error) or "no answer"
        return [Finding("broker", f"{where}: {why}", "see that mosquitto runs there: systemctl status mosquitto")]
    certificate = writer.get_extra_info("peercert")
    writer.close()
    return [Finding("broker", f"{where} is reached"), _certificate(certificate), await _stranger(section, tls)]


def _certificate(certificate: dict[str, Any] | None) -> Finding:
    if not certificate:
        return Finding("broker TLS", "none: the broker is on this machine")
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (ends - datetime.now(UTC)).days
    if days < DAYS:
        return Finding(
            "broker TLS",
            f"the certificate ends in {days} days",
            "make a new one: `tatara broker config --output DIR --self-signed HOST`",
        )
    return Finding("broker TLS", f"the certificate is valid for {days} days")


async def _stranger(section: BrokerSection, tls: ssl.SSLContext | None) -> Finding:
    """A client without name and password."""
    try:
        async with aiomqtt.Client(section.host, section.port, tls_context=tls, timeout=PATIENCE_S):
            return Finding("broker, anonymous", "is let in", "`allow_anonymous false` in mosquitto.conf")
    except aiomqtt.MqttError as error:
        code = getattr(getattr(error, "rc", None), "value", getattr(error, "rc", None))
        if code in NOT_LET_IN:
            return Finding("broker, anonymous", f"is refused ({error})")
        mend = "see whether the listener speaks TLS, and name `ca_file` in the site file if it does"
        return Finding("broker, anonymous", f"cannot be tried: {error}", mend)


async def look_alone(site: Site, url: str) -> list[Finding]:
    """The rights, tried with the daemon's own login, while none runs: its connection would be taken over."""
    assert site.broker is not None
    engine = open_engine(url, writing=False)
    lock = Lock(engine)
    try:
        lock.take()
    except LockedElsewhere:
        return [Finding("rights", "a daemon holds the database and does not answer", "restart it: systemctl restart")]
    try:
        password = site.broker.password_file.read_text(encoding="utf-8").strip()
        tls = tls_for(site.broker.host, site.broker.ca_file)
        address = Address(site.broker.host, site.broker.port, site.broker.username, password, tls)
        return rights(await rights_of(address, site.name, site.daemon, PATIENCE_S))
    except (OSError, TimeoutError) as error:
        mend = "see that the broker knows the daemon's password: `tatara broker config`, then reload mosquitto"
        return [Finding("rights", f"cannot be tried: {str(error) or 'the broker does not let the daemon in'}", mend)]
    finally:
        lock.release()
        engine.dispose()


def rights(tried: list[Right]) -> list[Finding]:
    """One line for each class of topic."""
    return [_right(each) for each in tried]


def _right(right: Right) -> Finding:
    found = "what the daemon writes arrives" if right.arrived else "the daemon cannot write there"
    if right.arrived == right.wanted:
        return Finding(f"right {right.topic}", found)
    return Finding(f"right {right.topic}", found, "`tatara broker config --output DIR`, then reload mosquitto (SIGHUP)")
