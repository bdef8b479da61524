"""All checks, in the order in which their faults follow from each other."""

from pathlib import Path

from controller.access.site import Site
from controller.report.doctor import broker, database, machine, service
from controller.report.doctor.finding import Finding

NEEDED = ("database", "broker")  # to try the rights from here


async def examine(site: Site, data: Path) -> list[Finding]:
    """Look at everything. A daemon that runs is asked; one that does not is not started."""
    url = site.database or f"sqlite:///{data / 'tatara.db'}"
    findings = [*machine.look(site, data), *database.look(url)]
    answer = service.ask(data)
    findings += service.look(answer, site)
    if site.broker is not None:
        findings += await broker.look(site.broker)
    if isinstance(answer, service.Answer):
        findings += [] if answer.refused else service.look_inside(answer)
    elif site.broker is not None and all(each.ok for each in findings if each.looked_at.startswith(NEEDED)):
        findings += await broker.look_alone(site, url)
    return findings
