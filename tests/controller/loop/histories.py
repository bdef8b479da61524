"""Recorded histories of decisions: scripted campaigns, and the view and decision of every step as plain JSON.

The fixtures in `histories/` are replayed for ever: the same view must give the same decision in every later version.
`python -m tests.controller.loop.histories NAME` writes one anew, on purpose only, after a change that was wanted.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.instruments.messages import AttemptState, InstrumentMode, Outcome
from controller.commands import campaigns, doubts, instruments, proposals
from controller.loop import CampaignView, Decision, decide
from controller.loop.view import AttemptView, FinishedView, JobView, ProposalView, ResourceView
from controller.spec import Campaign as Spec
from controller.store import Unit
from controller.store.apply import apply
from controller.store.tables import Proposal
from controller.store.views import load_view
from tests.controller.loop.views import make_spec, stage, step
from tests.controller.loop.world import ADA, BEN, World

FOLDER = Path(__file__).parent / "histories"
Record = dict[str, Any]


class Recorder:
    """Takes turns as the daemon does, and keeps every view with what was decided on it."""

    def __init__(self, spec: Spec) -> None:
        self.world = World(spec)
        self.records: list[Record] = []
        self.turn()

    def turn(self) -> None:
        while self.world.do(self._round):
            pass

    def _round(self, unit: Unit) -> bool:
        view = load_view(unit.session, self.world.campaign_id, unit.now)
        decision = decide(view, unit.now)
        self.records.append({"now": plain(unit.now), "view": dump_view(view), "decision": dump_decision(decision)})
        for action in decision.actions:
            apply(unit, self.world.campaign_id, action)
        return bool(decision.actions)

    def wait(self, seconds: float) -> None:
        self.world.pass_time(seconds)
        self.turn()

    def propose(self, *temperatures: float, **facts: float) -> None:
        self.world.answer_strategy(temperatures, facts)
        self.turn()
        self.world.publish()

    def finish(self, value: float, outcome: Outcome = Outcome.OK, which: int = 0) -> None:
        self.world.result(self.world.open_attempts()[which], value, outcome)
        self.turn()
        self.world.publish()

    def status(self, state: AttemptState, **fields: Any) -> None:
        self.world.status(self.world.open_attempts()[0], state, **fields)
        self.turn()

    def order(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        self.world.do(lambda unit: function(unit, *arguments, **options))
        self.turn()

    def waiting(self) -> Proposal:
        return next(row for row in self.world.all(Proposal) if row.state == "awaiting-approval")


def undisturbed(recorder: Recorder) -> None:
    """Two steps, three experiments one after the other, to the end of the budget."""
    for temperature in (30.0, 40.0, 50.0):
        recorder.propose(temperature)
        recorder.wait(2)
        recorder.status(AttemptState.ACCEPTED)
        recorder.finish(0.1 * temperature)
        recorder.wait(2)
        recorder.finish(0.01 * temperature)


def troubled(recorder: Recorder) -> None:
    """Failures, a broken step, a doubt, an instrument away, a clock set back, and a stop."""
    recorder.propose(30.0, 40.0, 50.0)
    recorder.finish(0.0, Outcome.FAILED_MEASUREMENT)
    recorder.finish(0.0, Outcome.FAILED_MEASUREMENT)
    recorder.wait(5)
    recorder.order(campaigns.resume, BEN, recorder.world.campaign_id, "repaired")
    recorder.wait(-3600)
    recorder.wait(3610)
    recorder.world.fall_silent("stove")
    recorder.wait(100)
    recorder.wait(500)
    recorder.order(doubts.repeat, BEN, recorder.world.open_attempts()[0].id, "looked at it")
    recorder.world.appear("stove", InstrumentMode.PAUSED)
    recorder.wait(5)
    recorder.world.appear("stove")
    recorder.wait(1)
    recorder.finish(0.5)
    recorder.order(campaigns.pause, ADA, recorder.world.campaign_id, "lunch")
    recorder.order(campaigns.stop_campaign, BEN, recorder.world.campaign_id, "enough")
    while recorder.world.open_attempts():
        recorder.status(AttemptState.INTERRUPTED)
        recorder.order(doubts.fail, BEN, recorder.world.open_attempts()[0].id, "broken glass", "lost")
        recorder.wait(5)
    recorder.propose(70.0)


def decided_by_people(recorder: Recorder) -> None:
    """Approvals, a rejection, an expiry, promotion of the best, an e-stop and an abort."""
    recorder.propose(30.0, 40.0, known_region=0.5)
    for verdict in (proposals.approve, proposals.reject):
        row = recorder.waiting()
        recorder.order(verdict, BEN, row.id, row.digest, "test")
    recorder.propose(45.0, known_region=0.5)
    recorder.wait(700)
    recorder.propose(46.0, known_region=0.0)
    recorder.finish(0.3)
    recorder.finish(0.4)
    recorder.order(instruments.record_estop, BEN, "stop-1", None, "smoke")
    recorder.propose(60.0, known_region=0.0)
    recorder.wait(1)
    recorder.order(instruments.reset, BEN, "stop-1", "toast")
    recorder.order(campaigns.abort, BEN, recorder.world.campaign_id, "test")
    while recorder.world.open_attempts():
        recorder.status(AttemptState.CANCELLED)


COOK = step(yields=["yield"], timeout=60, cost=1, instruments=["stove"])
RULES = [{"name": "known", "kind": "known_region", "value": 0.1}]
HISTORIES: Mapping[str, tuple[Spec, Callable[[Recorder], None]]] = {
    "undisturbed": (
        make_spec(
            stage("bench", COOK, step("weigh", instruments=["scale"], yields=["waste"])), budget={"experiments": 3}
        ),
        undisturbed,
    ),
    "troubled": (
        make_spec(
            stage("bench", {**COOK, "retries": 2, "breaker": 2, "instruments": ["stove", "oven"]}),
            parallel=3,
            budget={"experiments": 5, "wall_time": 1e6},
        ),
        troubled,
    ),
    "decided-by-people": (
        make_spec(
            stage(
                "bench",
                COOK,
                approval={"policy": "auto", "rules": RULES, "deadline": 600},
                promote={"rule": "best", "property": "yield", "k": 1, "n": 2},
            ),
            stage("large", step("again", instruments=["oven"], yields=["yield"])),
            parallel=2,
            budget={"experiments": 6, "cost": 50},
            windows=[{"days": ["wed"], "from": "08:00", "to": "18:00"}],
        ),
        decided_by_people,
    ),
}


# Views and decisions as plain JSON


def plain(value: Any) -> Any:
    """Moments as ISO 8601, sets as sorted lists."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def dump_view(view: CampaignView) -> Record:
    """A view without its spec, which does not change and stands in the file once."""
    return {name: plain(value) for name, value in asdict_without_spec(view).items()}


def asdict_without_spec(view: CampaignView) -> Record:
    shown = {each.name: getattr(view, each.name) for each in fields(view) if each.name != "spec"}
    for name in ("proposals", "finished"):
        shown[name] = [asdict(each) for each in shown[name]]
    shown["resources"] = {name: asdict(each) for name, each in view.resources.items()}
    return shown


def dump_decision(decision: Decision) -> Record:
    actions = [{"action": type(each).__name__, **plain(asdict(each))} for each in decision.actions]
    return {"actions": actions, "wake_at": plain(decision.wake_at)}


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _with_moments(record: Record, *names: str) -> Record:
    return {**record, **{name: _moment(record[name]) for name in names}}


def load_recorded_view(record: Record, spec: Spec) -> CampaignView:
    """The view again, from JSON."""
    return CampaignView(
        **{
            **_with_moments(record, "started_at"),
            "spec": spec,
            "paused_steps": frozenset(record["paused_steps"]),
            "proposals": tuple(_proposal(each) for each in record["proposals"]),
            "finished": tuple(FinishedView(**each) for each in record["finished"]),
            "resources": {name: ResourceView(**each) for name, each in record["resources"].items()},
        }
    )


def _proposal(record: Record) -> ProposalView:
    job = record["job"]
    return ProposalView(**{**_with_moments(record, "deadline"), "job": None if job is None else _job(job)})


def _job(record: Record) -> JobView:
    attempt = record["attempt"]
    if attempt is not None:
        attempt = AttemptView(**_with_moments(attempt, "made_at", "deadline", "asked_at"))
    return JobView(**{**_with_moments(record, "not_before"), "attempt": attempt})


def _renamed(text: str) -> str:
    """Ids are random: name them in the order in which they come."""
    names: dict[str, str] = {}
    return re.sub(r"\b[0-9a-hjkmnp-tv-z]{26}\b", lambda found: names.setdefault(found[0], f"id-{len(names) + 1}"), text)


def record(name: str) -> Record:
    """Run one script from the beginning."""
    spec, script = HISTORIES[name]
    recorder = Recorder(spec)
    script(recorder)
    state = recorder.world.campaign.state
    recorder.world.close()
    history = {"spec": spec.model_dump(mode="json", by_alias=True), "end": state, "steps": recorder.records}
    renamed: Record = json.loads(_renamed(json.dumps(history)))
    return renamed


def read(name: str) -> tuple[Spec, str, Iterator[Record]]:
    """A recorded history: its spec, the campaign's state at the end, and its steps."""
    history = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return Spec.model_validate(history["spec"]), history["end"], iter(history["steps"])


def main() -> None:
    """Write the histories named on the command line."""
    if not sys.argv[1:] or set(sys.argv[1:]) - set(HISTORIES):
        raise SystemExit(f"name the histories to write anew, of {', '.join(HISTORIES)}; read what they are for first")
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:]:
        steps = json.dumps(record(name), indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(steps + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
