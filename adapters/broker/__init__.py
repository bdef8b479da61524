"""The embedded MQTT broker (a process of its own) and the access rules that it shares with mosquitto."""

from adapters.broker.access import (
    Login,
    Rule,
    daemon_rules,
    hash_password,
    instrument_rules,
    make_password,
    mosquitto_acl,
    password_lines,
    site_logins,
    verify_password,
    write_access,
)
from adapters.broker.mosquitto import Listener, mosquitto_conf
from adapters.broker.process import BrokerFailed, BrokerProcess, EmbeddedBroker

__all__ = [
    "BrokerFailed",
    "BrokerProcess",
    "EmbeddedBroker",
    "Listener",
    "Login",
    "Rule",
    "daemon_rules",
    "hash_password",
    "instrument_rules",
    "make_password",
    "mosquitto_acl",
    "mosquitto_conf",
    "password_lines",
    "site_logins",
    "verify_password",
    "write_access",
]
