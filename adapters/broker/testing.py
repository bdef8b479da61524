"""Debian's mosquitto for tests, with the face of the embedded broker."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from adapters.broker.access import Login, mosquitto_conf
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
        self._options = {"user": own_user(), "persistence": persistence, "tls": tls}

    def _command(self) -> list[str]:
        if MOSQUITTO is None:
            raise FileNotFoundError("mosquitto is not installed")
        config = self.directory / "mosquitto.conf"
        text = mosquitto_conf(self.directory, self.port, self.host, **self._options)  # type: ignore[arg-type]
        config.write_text(text + f"log_dest file {self.directory / 'mosquitto.log'}\n", encoding="utf-8")
        return [MOSQUITTO, "-c", str(config)]
