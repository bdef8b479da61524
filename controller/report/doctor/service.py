"""The daemon itself: whether it answers, is of this version, and what it says of broker and clocks."""

import contextlib
import importlib.metadata
import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from adapters.instruments.rights import Right
from controller.access.site import Site
from controller.report.doctor import broker, database
from controller.report.doctor.finding import Finding

PATIENCE_S = 15.0
INSTRUMENT_S = 10.0  # `start_before` is judged by the instrument's clock


@dataclass(frozen=True)
class Answer:
    """What a running daemon said: its health, its diagnosis, and how far its clock is ahead of ours."""

    url: str
    health: dict[str, Any]
    diagnosis: dict[str, Any]
    refused: str | None  # why it gave no diagnosis
    ahead: float


def ask(data: Path) -> Answer | str:
    """Ask the daemon of a data folder; why it does not answer, if it does not."""
    try:
        url = str(json.loads((data / "api.json").read_text(encoding="utf-8"))["url"])
        token = (data / "admin-token").read_text(encoding="ascii").strip()
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"no daemon has run in {data}: {getattr(error, 'strerror', None) or error}"
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_S, trust_env=False) as client:
        try:
            health = client.get("/health")
            here = datetime.now(UTC)
            diagnosis = client.post("/api/v1/diagnosis")
            said = health.json(), diagnosis.json()
        except (httpx.HTTPError, ValueError) as error:
            return f"{url}: {error or type(error).__name__}"
    date = parsedate_to_datetime(health.headers["date"])  # whole seconds
    refused = None if diagnosis.is_success else str(said[1].get("message"))
    return Answer(url, said[0], said[1], refused, (date - here).total_seconds())


def look(answer: Answer | str, site: Site) -> list[Finding]:
    """Whether it answers and is well; else whether its port is free for it."""
    if isinstance(answer, str):
        stopped = Finding("daemon", answer, "start it: systemctl start tatara, or `tatara serve`")
        return [stopped, port(site.api.host, site.api.port)]
    if answer.refused is not None:
        mend = "the token in `admin-token` is none that it takes: delete the file and restart the daemon"
        return [Finding("daemon", f"{answer.url}: {answer.refused}", mend)]
    parts = ("broker", "database", "disk")
    wrong = [f"{name}: {answer.health.get(name)}" for name in parts if answer.health.get(name) not in _WELL]
    if wrong:
        why = answer.health.get("broker_error")
        found = f"{answer.url}: {'; '.join(wrong)}" + (f" ({why})" if why else "")
        return [Finding("daemon", found, "see what else is wrong here; it goes on by itself when that is mended")]
    return [Finding("daemon", f"{answer.url} is well"), version(answer.diagnosis)]


_WELL = ("connected", "ok")


def version(diagnosis: dict[str, Any]) -> Finding:
    """What runs is what is installed."""
    runs, installed = diagnosis.get("version"), importlib.metadata.version("tatara")
    if runs == installed:
        return Finding("version", f"{runs} runs")
    return Finding("version", f"{runs} runs, and {installed} is installed", "restart the daemon")


def port(host: str, number: int) -> Finding:
    """The API's port can be taken."""
    if number == 0:
        return Finding("port of the API", "any that is free")
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            mend = "stop what has it, or give another `port` in the section `api` of the site file"
            return Finding("port of the API", f"{host}:{number}: {error.strerror}", mend)
    return Finding("port of the API", f"{host}:{number} is free")


def look_inside(answer: Answer) -> list[Finding]:
    """What only the running daemon can tell: its rights at the broker, and the instruments' clocks."""
    said = answer.diagnosis
    found = [database.compared("clock of the daemon", answer.ahead)]
    for name, ahead in sorted(said.get("clocks", {}).items()):
        found.append(database.compared(f"clock of {name}", ahead, INSTRUMENT_S))
    if said.get("rights") is None:
        return [*found, Finding("rights", "cannot be tried: no connection", "see what is said about the broker")]
    return [*found, *broker.rights([Right(**each) for each in said["rights"]])]
