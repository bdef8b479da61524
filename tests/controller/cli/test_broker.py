"""The files of `tatara broker config`; whether mosquitto obeys them is tried in `tests/deploy`."""

import shutil
import ssl
import stat
from pathlib import Path

import pytest

from adapters.broker.access import read_access, verify_password
from tests.controller.cli.terminal import Terminal

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture
def here(template: Path, tmp_path: Path) -> Terminal:
    """A site with a broker of its own, whose database is there."""
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "files").mkdir()
    shutil.copy(template, data / "tatara.db")
    (tmp_path / "site.yaml").write_text("broker: {host: localhost, port: 8883, password_file: daemon-password}\n")
    return Terminal(tmp_path, {"TATARA_SITE": "site.yaml", "TATARA_DATA": "data"})


async def test_everybody_enrolled_is_let_in_and_the_daemon(here: Terminal, tmp_path: Path) -> None:
    files = tmp_path / "files"
    done = await here.run("broker", "config", "--output", "files", "--self-signed", "localhost", "--json")
    assert [each.name for each in (tmp_path / "data").iterdir()] == ["tatara.db"], "nothing is left for root to own"
    assert (done.json["mosquitto_conf"], done.json["password_file"]) == (True, "daemon-password"), done.err
    logins = read_access(files)
    assert sorted(logins) == ["daemon", *done.json["instruments"]]
    assert verify_password((tmp_path / "daemon-password").read_text().strip(), logins["daemon"].password_hash)
    private = ("passwords", "acl", "server.key", "ca.key", "../daemon-password")
    assert {stat.S_IMODE((files / name).stat().st_mode) for name in private} == {0o600}
    authority = ssl.create_default_context(cafile=files / "ca.crt").get_ca_certs()
    assert authority[0]["subject"] == ((("commonName", "Tatara lab"),),)


async def test_again_it_brings_up_to_date_and_leaves_what_an_admin_wrote(here: Terminal, tmp_path: Path) -> None:
    files = tmp_path / "files"
    await here.run("broker", "config", "--output", "files", "--self-signed", "localhost", "--self-signed", "10.0.0.7")
    before = {name: (files / name).read_text() for name in ("ca.crt", "server.crt")}
    password = (tmp_path / "daemon-password").read_text()
    (files / "mosquitto.conf").write_text("# mine\n")
    (files / "passwords").unlink()
    again = await here.run("broker", "config", "--output", "files")
    assert (again.code, "mosquitto.conf is as it was" in again.out) == (0, True), again.err
    assert (files / "mosquitto.conf").read_text() == "# mine\n"
    assert (tmp_path / "daemon-password").read_text() == password
    assert (files / "passwords").exists()
    assert {name: (files / name).read_text() for name in before} == before
    renewed = await here.run("broker", "config", "--output", "files", "--self-signed", "localhost")
    assert "restart mosquitto" in renewed.out
    assert (files / "ca.crt").read_text() == before["ca.crt"], "instruments know it"
    assert (files / "server.crt").read_text() != before["server.crt"]


@pytest.mark.parametrize(
    ("broker", "options", "code", "says"),
    [
        ("", [], 1, "no `broker`"),
        ("host: lab.example.org", [], 2, "other machines connect by TLS"),
        ("host: localhost", ["--listen", "0.0.0.0"], 2, "other machines connect by TLS"),
        ("host: localhost", ["--cert", "x"], 2, "--cert and --key"),
        ("host: localhost", ["--cert", "x", "--key", "y"], 1, "x: No such file"),
        ("host: localhost", ["--self-signed", "a b"], 1, "'a b' is no host"),
        ("host: localhost", ["--self-signed", "localhost", "--output", "none"], 1, "No such file"),
    ],
)
async def test_what_it_refuses(
    here: Terminal, tmp_path: Path, broker: str, options: list[str], code: int, says: str
) -> None:
    section = f"broker: {{{broker}, password_file: p}}\n" if broker else ""
    (tmp_path / "site.yaml").write_text(f"name: lab\n{section}")
    done = await here.run("broker", "config", "--output", "files", *options)
    assert done.code == code
    assert says in done.err
    assert not (tmp_path / "files" / "passwords").exists()


async def test_without_openssl_it_says_so(here: Terminal, tmp_path: Path) -> None:
    here.environment["PATH"] = str(tmp_path)
    done = await here.run("broker", "config", "--output", "files", "--self-signed", "localhost")
    assert (done.code, "openssl is not installed" in done.err) == (1, True)


async def test_on_this_machine_alone_it_needs_no_certificate(here: Terminal, tmp_path: Path) -> None:
    assert (await here.run("broker", "config", "--output", "files")).code == 0
    assert (tmp_path / "files" / "mosquitto.conf").read_text().startswith("listener 8883 127.0.0.1\n")
