"""The section `alerts` of the site file: strict, and without secrets."""

from pathlib import Path

import pytest

from controller.access.site import load_site

WHOLE = """
name: lab
alerts:
  console: https://lab.example.org/
  group: 2 min
  repeat: [30 min, 1 day]
  allow: [10.1.2.0/24, "fd00::/8"]
  rules: {approval_waiting: 30 min, budget: 0.9, instrument_lost: false}
  receivers:
    - {name: hook, kind: webhook, url: "https://hook.example.org/x?y=1", key_file: /etc/tatara/hook-key}
    - name: post
      kind: mail
      host: mail.example.org
      username: tatara
      password_file: /etc/tatara/mail-password
      sender: tatara@example.org
      to: [ada@example.org]
      rules: [target-reached, budget]
"""


def test_a_whole_section(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(WHOLE)
    alerts = load_site(tmp_path / "site.yaml").alerts
    assert (alerts.group, alerts.repeat, alerts.rules.approval_waiting) == (120.0, [1800.0, 86400.0], 1800.0)
    assert [each.name for each in alerts.receivers] == ["hook", "post"]
    assert alerts.secret_files() == [Path("/etc/tatara/hook-key"), Path("/etc/tatara/mail-password")]
    assert alerts.receiver("nobody") is None


def test_without_it_nobody_is_told() -> None:
    assert load_site(None).alerts.receivers == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"https://hook', '"http://hook', "https://"),
        ('"https://hook', '"https://user:word@hook', "no user, no password"),
        ("key_file: /etc/tatara/hook-key", "key: secret", "key_file"),
        ("      password_file: /etc/tatara/mail-password\n", "", "go together"),
        ("[ada@example.org]", '["ada@example.org\\nBcc: x@example.org"]', "one e-mail address"),
        ("name: post", "name: hook", "same name"),
        ("10.1.2.0/24", "10.1.2.3/24", "host bits"),
        ("[target-reached, budget]", "[everything]", "rules"),
        ("budget: 0.9", "budget: 80", "less than or equal to 1"),
        ("host: mail.example.org", "host: mail.example.org\n      tls: none", "starttls"),
    ],
)
def test_what_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in WHOLE
    (tmp_path / "site.yaml").write_text(WHOLE.replace(before, after))
    with pytest.raises(ValueError, match=said):
        load_site(tmp_path / "site.yaml")
