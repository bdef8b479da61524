"""The embedded MQTT broker (a process of its own) and the access rules that it shares with mosquitto."""

from adapters.broker.access import (
    Login,
    Rule,
    daemon_rules,
    hash_password,
    instrument_rules,
    make_password,
    mosquitto_acl,
    mosquitto_conf,
    password_lines,
    verify_password,
    write_access,
)
from adapters.broker.process import BrokerFailed, BrokerProcess, EmbeddedBroker

__all__ = [
    "BrokerFailed",
    "BrokerProcess",
    "EmbeddedBroker",
    "Login",
    "Rule",
    "daemon_rules",
    "hash_password",
    "instrument_rules",
    "make_password",
    "mosquitto_acl",
    "mosquitto_conf",
    "password_lines",
    "verify_password",
    "write_access",
]
