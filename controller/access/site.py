"""The site: one laboratory with one daemon. Its file is written by admins, never by a campaign."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from controller.access.alerts import AlertsSection
from controller.access.settings import read_settings

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokerSection(_Section):
    """An external broker; without it the daemon starts the embedded one on loopback."""

    host: str
    port: int = 8883
    username: str = "daemon"
    password_file: Path
    ca_file: Path | None = None  # None: the system's authorities; no TLS to a broker on this machine


class ApiSection(_Section):
    """Where the API listens. It speaks plain HTTP: put a TLS proxy before it if others than loopback need it."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: any free port, written to `api.json`
    # To whoever connects from this machine itself; behind a proxy on this machine that is everybody.
    metrics_without_token: bool = False


def _url(text: str | None) -> str | None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return text if text is None else make_url(text).render_as_string(hide_password=False)
    except ArgumentError:
        raise ValueError("should be a URL, such as postgresql+psycopg://user@127.0.0.1/name") from None


class Site(_Section):
    """`site.yaml`. `database` defaults to `tatara.db` in the data directory."""

    name: Identifier = "lab"
    daemon: Identifier = "daemon"
    database: Annotated[str | None, AfterValidator(_url)] = None
    broker: BrokerSection | None = None
    api: ApiSection = ApiSection()
    alerts: AlertsSection = AlertsSection()
    workers: int = Field(default=1, ge=1, le=64)


def load_site(path: Path | None) -> Site:
    """Read the site file; raises `ValueError` that names it. None: all defaults."""
    if path is None:
        return Site()
    return read_settings(path, Site)
