"""Numbers for Prometheus: counted in the database when they are asked for, and latencies measured as they happen."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.loop.instrument import PRESENT
from controller.report.lists import last_event
from controller.store.latencies import COMMIT, INTAKE, MESSAGES
from controller.store.tables import Attempt, Measurement, Proposal, Quarantine
from controller.store.views import enrolled


@dataclass(frozen=True)
class Counts:
    """What the database holds at one moment."""

    events: int
    measurements: int
    attempts: Mapping[str, int]  # by state
    quarantined: int
    waiting: int  # proposals that wait for approval
    present: int
    enrolled: int


def count(session: Session) -> Counts:
    """Count; one snapshot."""
    instruments = enrolled(session)
    states = select(col(Attempt.state), func.count()).group_by(col(Attempt.state))
    waiting = select(func.count()).where(col(Proposal.state) == "awaiting-approval")
    return Counts(
        events=last_event(session),
        measurements=session.scalar(select(func.count()).select_from(Measurement)) or 0,
        attempts={row[0]: row[1] for row in session.execute(states).all()},
        quarantined=session.scalar(select(func.count()).select_from(Quarantine)) or 0,
        waiting=session.scalar(waiting) or 0,
        present=sum(row.state in PRESENT for row in instruments),
        enrolled=len(instruments),
    )


def render(counts: Counts) -> bytes:
    """The numbers in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Once([*_families(counts), *COMMIT.collect(), *INTAKE.collect(), *MESSAGES.collect()]))
    return generate_latest(registry)


class _Once(Collector):
    """Hands over metrics that were gathered before."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _families(counts: Counts) -> Iterator[Metric]:
    yield CounterMetricFamily("tatara_events", "Events in the audit trail", counts.events)
    yield CounterMetricFamily("tatara_measurements", "Measurements taken", counts.measurements)
    yield CounterMetricFamily("tatara_quarantined", "Messages that were refused and kept", counts.quarantined)
    attempts = GaugeMetricFamily("tatara_attempts", "Attempts by state", labels=["state"])
    for state, number in sorted(counts.attempts.items()):
        attempts.add_metric([state], number)
    yield attempts
    yield GaugeMetricFamily("tatara_proposals_waiting", "Proposals that wait for approval", counts.waiting)
    yield GaugeMetricFamily("tatara_instruments_present", "Instruments that are there", counts.present)
    yield GaugeMetricFamily("tatara_instruments_enrolled", "Instruments that may be there", counts.enrolled)
