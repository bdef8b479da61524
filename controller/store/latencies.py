"""How long things take in this process, and what became of messages; asked for by Prometheus."""

from prometheus_client import Counter, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

COMMIT = Histogram("tatara_commit_seconds", "Seconds that a transaction of a group of units takes", buckets=_SECONDS)
INTAKE = Histogram(
    "tatara_intake_seconds", "Seconds from a message's arrival to the commit of what became of it", buckets=_SECONDS
)
MESSAGES = Counter(
    "tatara_messages",
    "Messages of instruments: taken (a state, say), stored, duplicate, unknown, quarantined, or refused and not-kept",
    ["instrument", "kind", "became"],
)
