"""Commands on alerts."""

from controller.access.actors import Actor, Role
from controller.access.alerts import AlertsSection
from controller.commands.errors import NotFound
from controller.store import Unit


def test_alert(unit: Unit, actor: Actor, section: AlertsSection, receiver: str) -> str:
    """Have a message sent that tells of nothing; returns its id. What became of it is told by an event."""
    actor.require(Role.ADMIN)
    if section.receiver(receiver) is None:
        raise NotFound(f"no receiver {receiver!r} in the site file")
    message = unit.new_id()
    unit.record("alert.test", subject=receiver, actor=actor.name, message=message)
    unit.outbox("alert", receiver=receiver, id=message, at=unit.now.isoformat(timespec="seconds"), test=True, alerts=[])
    return message
