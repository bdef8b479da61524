"""Debian's mosquitto for tests, with the face of the embedded broker."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from adapters.broker.access import Login
from adapters.broker.mosquitto import CONF, Listener, mosquitto_conf
from adapters.broker.process import BrokerProcess, own_user

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class MosquittoBroker(BrokerProcess):
    """A mosquitto of the tests' own, on the loopback interface. `persistence` writes sessions at a clean stop.

    `tls` is certificate and key.
    """

    def __init__(
        self,
        directory: Path,
        logins: Mapping[str, Login],
        port: int = 0,
        *,
        persistence: bool = True,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        super().__init__(directory, logins, port)
        self._state = directory if persistence else None
        self._tls = tls

    def _command(self) -> list[str]:
        if MOSQUITTO is None:
            raise FileNotFoundError("mosquitto is not installed")
        text = mosquitto_conf(
            self.directory,
            Listener(self.port, self.host, self._tls),
            state=self._state,
            user=own_user(),
            log=self.directory / "mosquitto.log",
        )
        (self.directory / CONF).write_text(text, encoding="utf-8")
        return [MOSQUITTO, "-c", str(self.directory / CONF)]
