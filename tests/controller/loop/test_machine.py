"""Anything may happen at any time, in any order, under a clock that jumps: these things always hold."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from adapters.instruments.messages import AttemptState, InstrumentMode, Outcome, Refusal, Verdict
from controller.commands import analyses, attempts, campaigns, doubts, instruments, proposals
from controller.commands.values import unmeasured
from controller.effects.analyse import Found
from controller.loop import ATTEMPT, CAMPAIGN, TABLES, CampaignView, ForbiddenTransition, Transitions, decide
from controller.loop.job import step_key
from controller.store.apply.proposals import judge_anew
from controller.store.tables import Attempt, Campaign, EStop, Iteration, Job, Measurement, Proposal
from tests.controller.loop.views import make_spec, stage, step
from tests.controller.loop.world import ADA, BEN, INSTRUMENTS, World

FAST = settings(
    max_examples=10,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=set(settings.default.phases) - {Phase.explain},  # it takes minutes and says little here
)
LONG = settings(FAST, max_examples=150, stateful_step_count=120)

COOK = step(instruments=["stove", "oven"], yields=["yield"], retries=1, breaker=2, timeout=60, cost=1, on_unknown="ask")
WEIGH = step("weigh", instruments=["scale"], yields=["waste"], retries=2, timeout=20, on_unknown="retry", cost=0.5)
RULES = [{"name": "cheap", "kind": "cost", "value": 3}, {"name": "known", "kind": "known_region", "value": 0.1}]
TWO_GOALS = [
    {"property": "yield", "goal": "maximize", "unit": "percent"},
    {"property": "waste", "goal": "minimize", "unit": "g"},
]
BEST = {"rule": "best", "property": "yield", "k": 1, "n": 2}
OFFICE = [{"days": ["mon", "wed"], "from": "08:00", "to": "18:00"}]
LATER_STEP = step("again", instruments=["oven"], yields=["yield"], retries=1, timeout=300)

CURVE = {"function": "peak", "file": "*.csv", "options": {"x_unit": "s"}, "gives": {"height": "yield"}}
READ = step("read", instruments=["stove", "oven"], yields=["yield"], retries=1, timeout=60, analysis=[CURVE])

SPECS = {
    "plain": make_spec(stage("bench", COOK), parallel=3, budget={"experiments": 6}),
    "read": make_spec(stage("bench", READ), parallel=3, budget={"experiments": 6}),
    "people": make_spec(
        stage("bench", COOK, WEIGH, approval={"policy": "two-people", "deadline": 900}, concurrency=1),
        parallel=2,
        objectives=TWO_GOALS,
        budget={"experiments": 5, "cost": 9},
        windows=OFFICE,
    ),
    "promoted": make_spec(
        stage("bench", COOK, approval={"policy": "auto", "rules": RULES, "deadline": 600}),
        stage("large", LATER_STEP, concurrency=1, approval={"policy": "operator"}),
        parallel=2,
        budget={"experiments": 4, "wall_time": 86400},
    ),
    "best": make_spec(
        stage("bench", COOK, promote=BEST),
        stage("large", LATER_STEP),
        parallel=3,
        strategy={"name": "random", "batch": 2},
        budget={"experiments": 5},
        stop=[{"rule": "target_reached", "property": "yield", "comparison": ">=", "value": 99}],
    ),
    "stopped": make_spec(
        stage("bench", COOK, WEIGH),
        parallel=2,
        objectives=[{**goal, "reference": reference} for goal, reference in zip(TWO_GOALS, (0, 2000), strict=True)],
        budget={"experiments": 9},
        stop=[
            {"rule": "target_reached", "property": "yield", "comparison": ">=", "value": 20, "times": 2},
            {"rule": "hypervolume_stalled", "experiments": 2, "share": 0.05},
            {"rule": "expected_gain", "less_than": 0.5, "in_a_row": 3},
        ],
    ),
}

FOUND = (
    Found({"yield": (0.5, "dimensionless", {"function": "peak"})}),
    Found({"yield": (0.6, "dimensionless", {"function": "peak"})}),
    Found({"yield": (0.5, "kelvin", {"function": "peak"})}),
    Found(nothing="no peak"),
    Found(fault="no such column"),
)
NAMES = st.sampled_from(INSTRUMENTS)
WHICH = st.integers(0, 30)
PEOPLE = st.sampled_from([ADA, BEN])
THEN = st.sampled_from(["decide", "decide", "decide", "wait"])


class TableMachine(RuleBasedStateMachine):
    """Whatever events come, a table is either clear about the next state or refuses, and a final state stays."""

    table: Transitions

    def __init__(self) -> None:
        super().__init__()
        self.state = self.table.initial
        self.events = sorted({event for events in self.table.table.values() for event in events})

    @rule(number=st.integers(0, 1000))
    def happens(self, number: int) -> None:
        event = [*self.events, "nonsense"][number % (len(self.events) + 1)]
        before = self.state
        if self.table.allows(before, event):
            self.state = self.table.next(before, event)
            assert not self.table.final(before)
            assert self.state in self.table.table
        else:
            with pytest.raises(ForbiddenTransition, match=self.table.thing):
                self.table.next(before, event)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.thing)
def test_tables(table: Transitions) -> None:
    machine = type(f"{table.thing}Machine", (TableMachine,), {"table": table})
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=15, deadline=None))


class LoopMachine(RuleBasedStateMachine):
    """One campaign, three instruments, two people and a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World
        self.results: dict[str, str] = {}
        self.stops = 0

    @initialize(name=st.sampled_from(sorted(SPECS)))
    def begin(self, name: str) -> None:
        self.name = name
        self.world = World(SPECS[name])
        self.decide()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.check_everything()
            self.abort_to_the_end()
            self.check_everything()
            self.world.close()

    # Decisions

    def then(self, what: str) -> None:
        if what == "decide":
            self.decide()

    def decide(self) -> None:
        world = self.world
        before, attempts = world.view(), {row.id for row in world.all(Attempt)}
        iterations = len(world.all(Iteration))
        wake_at = world.turn()
        after = world.view()
        assert decide(after, world.now).actions == [], "a decision right after a decision wants nothing"
        assert decide(after, world.now) == decide(world.view(), world.now), "the same rows, the same decision"
        self.check_wake_at(wake_at)
        if before.state != "running":
            assert len(world.all(Iteration)) == iterations, "nothing is proposed unless it runs"
        self.check_dispatches([row for row in world.all(Attempt) if row.id not in attempts], before, after)

    def check_wake_at(self, wake_at: Any) -> None:
        """Nothing is wanted at any moment before the one at which it asked to be woken."""
        now = self.world.now
        until = wake_at or now + timedelta(days=10)
        assert until > now
        for moment in (now + (until - now) / 3, until - timedelta(milliseconds=1)):
            assert decide(self.world.view(moment), moment).actions == []

    def check_dispatches(self, made: list[Attempt], before: CampaignView, after: CampaignView) -> None:
        stages = {row.id: row.stage for row in self.world.all(Proposal)}
        steps = {job.id: step_key(stages[job.proposal_id], job.name) for job in self.world.all(Job)}
        assert not made or before.state in ("running", "stopping"), "nothing is sent while it is paused or aborted"
        for attempt in made:
            there = before.resources[attempt.resource]
            assert there.obstacle is None, "nothing is sent to an instrument that is not ready"
            assert there.simulated == before.simulated
            assert steps[attempt.job_id] not in after.paused_steps, "nothing is sent for a step that is paused"
        for there in after.resources.values():
            assert there.busy <= there.concurrency or there.busy <= before.resources[there.name].busy
        if before.state == "stopping":
            begun = {row.id for row in before.proposals if row.state == "running"}
            assert {row.proposal_id for row in made} <= begun, "while stopping only what runs goes on"

    # Time, strategy, wire

    @rule(seconds=st.sampled_from([0.5, 1.5, 6, 20, 70, 200, 1000, 90000]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)
        self.decide()

    @rule()
    def clock_is_set_back(self) -> None:
        self.world.pass_time(-3600)
        self.decide()

    @rule(
        answer=st.none() | st.lists(st.integers(20, 90).map(float), max_size=3),
        region=st.sampled_from([None, 0.0, 0.5]),
        report=st.just({}) | st.sampled_from([0.1, 0.4, 0.6]).map(lambda gain: {"expected_improvement": gain}),
        then=THEN,
    )
    def strategy_answers(
        self, answer: list[float] | None, region: float | None, report: dict[str, Any], then: str
    ) -> None:
        self.world.answer_strategy(answer, {} if region is None else {"known_region": region}, report)
        self.then(then)

    @rule(temperature=st.integers(20, 80).map(float))
    def strategy_answers_well(self, temperature: float) -> None:
        self.world.answer_strategy([temperature, temperature + 1, temperature + 2], {"known_region": 0.0})
        self.decide()

    @rule(then=THEN)
    def messages_go_out(self, then: str) -> None:
        self.world.publish()
        self.then(then)

    @rule(found=st.sampled_from(FOUND), then=THEN)
    def file_is_read(self, found: Found, then: str) -> None:
        self.world.read_file(found)
        self.then(then)

    @rule(then=THEN)
    def old_files_are_read_again(self, then: str) -> None:
        name = self.world.campaign_id
        self.world.do(lambda unit: analyses.analyse_again(unit, BEN, name, None, "test"))
        self.then(then)

    # Instruments

    def attempt(self, which: int) -> Attempt | None:
        """Mostly the latest ones, now and then an old one."""
        rows = self.world.all(Attempt)
        return rows[-1 - (which % len(rows))] if rows else None

    @rule(which=st.integers(0, 3), value=st.floats(0.1, 0.95), then=THEN)
    def work_is_done(self, which: int, value: float, then: str) -> None:
        waiting = self.world.open_attempts()
        if waiting:
            self.take_result(waiting[which % len(waiting)], value, Outcome.OK)
        self.then(then)

    @rule(
        which=WHICH,
        value=st.sampled_from([-0.0, 0.5, 0.999]),
        outcome=st.sampled_from(list(Outcome)),
        changes=st.sampled_from([{}, {}, {"digest": "0" * 64}, {"said_by": "scale"}, {"measurements": []}]),
        then=THEN,
    )
    def result_arrives(self, which: int, value: float, outcome: Outcome, changes: dict[str, Any], then: str) -> None:
        if (attempt := self.attempt(which)) is not None:
            self.take_result(attempt, value, outcome, **changes)
        self.then(then)

    def take_result(self, attempt: Attempt, value: float, outcome: Outcome, **changes: Any) -> None:
        receipt = self.world.result(attempt, value, outcome, **changes)
        [now] = [row for row in self.world.all(Attempt) if row.id == attempt.id]
        assert receipt is not None
        known = self.results.get(attempt.id)
        if receipt.verdict is Verdict.STORED:
            assert known is None, "an attempt has one result"
            self.results[attempt.id] = now.result_digest or ""
            assert now.late == ATTEMPT.final(attempt.state)
        else:
            assert now.result_digest == known, "what is refused changes nothing"
            assert receipt.verdict is not Verdict.DUPLICATE or known is not None

    @rule(
        which=WHICH,
        state=st.sampled_from(list(AttemptState)),
        refusal=st.sampled_from([None, *Refusal]),
        changes=st.sampled_from([{}, {}, {"seq": 0}, {"journal_id": "journal-9"}, {"said_by": "scale"}]),
        then=THEN,
    )
    def status_arrives(
        self, which: int, state: AttemptState, refusal: Refusal | None, changes: dict[str, Any], then: str
    ) -> None:
        if (attempt := self.attempt(which)) is not None:
            self.world.status(attempt, state, refusal=refusal, **changes)
        self.then(then)

    @rule(name=NAMES, mode=st.sampled_from(list(InstrumentMode)), stale=st.booleans(), then=THEN)
    def instrument_says_how_it_is(self, name: str, mode: InstrumentMode, stale: bool, then: str) -> None:
        self.world.appear(name, mode, **({"seq": 1} if stale else {}))
        self.then(then)

    @rule(name=NAMES, journal=st.booleans(), then=THEN)
    def instrument_starts_again(self, name: str, journal: bool, then: str) -> None:
        device = self.world.devices[name]
        device.boot, device.journal = device.boot + 1, device.journal + journal
        self.world.appear(name)
        self.then(then)

    @rule(name=NAMES, back=st.booleans(), then=THEN)
    def instrument_falls_silent_or_is_heard_again(self, name: str, back: bool, then: str) -> None:
        (self.world.beat if back else self.world.fall_silent)(name)
        self.then(then)

    @rule(payload=st.binary(max_size=30), kind=st.sampled_from(["result", "status", "state", "description", "x"]))
    def nonsense_arrives(self, payload: bytes, kind: str) -> None:
        attempt = self.attempt(0)
        self.world.hear("stove", kind, payload, attempt.id if attempt else None)
        self.decide()

    # People

    @rule(what=st.sampled_from(["pause", "resume", "resume", "resume", "stop"]), then=THEN)
    def operator_changes_the_campaign(self, what: str, then: str) -> None:
        orders: dict[str, Callable[..., Any]] = {
            "pause": campaigns.pause,
            "resume": campaigns.resume,
            "stop": campaigns.stop_campaign,
        }
        self.world.ask(lambda unit: orders[what](unit, BEN, self.world.campaign_id, "test"))
        self.then(then)

    @rule(who=PEOPLE, which=WHICH, verdict=st.sampled_from(["approve", "approve", "reject"]), then=THEN)
    def person_decides(self, who: Any, which: int, verdict: str, then: str) -> None:
        waiting = [row for row in self.world.all(Proposal) if row.state == "awaiting-approval"]
        if waiting:
            row = waiting[which % len(waiting)]
            order = proposals.approve if verdict == "approve" else proposals.reject
            self.world.ask(lambda unit: order(unit, who, row.id, row.digest, "test"))
        self.then(then)

    @rule(what=st.sampled_from(["repeat", "fail", "value", "ask"]), then=THEN)
    def operator_resolves_a_doubt(self, what: str, then: str) -> None:
        doubtful = [row for row in self.world.open_attempts() if row.state == "doubtful"]
        if doubtful:
            self.world.ask(lambda unit: self.resolve(unit, doubtful[0], what))
        self.then(then)

    @rule(which=WHICH, then=THEN)
    def operator_calls_an_attempt_off(self, which: int, then: str) -> None:
        if (attempt := self.attempt(which)) is not None:
            self.world.ask(lambda unit: attempts.cancel(unit, BEN, attempt.id, "test"))
        self.then(then)

    def resolve(self, unit: Any, attempt: Attempt, what: str) -> None:
        match what:
            case "repeat":
                doubts.repeat(unit, BEN, attempt.id, "test")
            case "fail":
                doubts.fail(unit, BEN, attempt.id, "test", "lost")
            case "value":
                units = {"yield": (50.0, "percent"), "waste": (1.0, "g")}
                values = {name: units[name] for name in unmeasured(unit.session, attempt)}
                doubts.value(unit, BEN, attempt.id, values, "test")
            case _:
                doubts.ask_again(unit, BEN, attempt.id, "test")

    @rule(name=NAMES, paused=st.booleans(), then=THEN)
    def operator_pauses_an_instrument(self, name: str, paused: bool, then: str) -> None:
        self.world.do(lambda unit: instruments.set_paused(unit, BEN, name, paused=paused, why="test"))
        self.then(then)

    @rule(name=st.none() | NAMES, then=THEN)
    def somebody_stops_everything(self, name: str | None, then: str) -> None:
        self.stops += 1
        self.world.do(lambda unit: instruments.record_estop(unit, BEN, f"stop-{self.stops}", name, "test"))
        self.then(then)

    @rule(then=THEN)
    def operator_resets(self, then: str) -> None:
        for row in self.world.all(EStop):
            if row.reset_at is None:
                self.world.do(lambda unit, row=row: instruments.reset(unit, BEN, row.id, "test"))
        self.then(then)

    @rule()
    def all_is_well_again(self) -> None:
        """So that work gets done between two mishaps."""
        self.operator_resets("wait")
        for name in INSTRUMENTS:
            self.world.do(lambda unit, name=name: instruments.set_paused(unit, BEN, name, paused=False, why="test"))
            self.world.appear(name)
        self.operator_changes_the_campaign("resume", "decide")

    # What always holds

    @invariant()
    def counters_are_what_they_count(self) -> None:
        campaign, spec = self.world.campaign, self.world.spec
        assert campaign.experiments == self.world.counting_proposals()
        assert campaign.experiments <= (spec.budget.experiments or 0), "the budget is never exceeded"
        jobs = {job.id: job for job in self.world.all(Job)}
        costs = {each.name: each.cost for every in spec.stages for each in every.steps}
        attempts = self.world.all(Attempt)
        assert campaign.cost == sum(costs[jobs[attempt.job_id].name] for attempt in attempts)
        assert Counter(attempt.job_id for attempt in attempts) == Counter(
            {job.id: job.tries for job in jobs.values() if job.tries}
        )

    @invariant()
    def one_of_each_is_open(self) -> None:
        open_attempts = Counter(row.job_id for row in self.world.open_attempts())
        assert all(count == 1 for count in open_attempts.values()), "a job has one open attempt at most"
        jobs = [row for row in self.world.all(Job) if row.state in ("waiting", "active")]
        assert all(count == 1 for count in Counter(row.proposal_id for row in jobs).values())
        assert set(open_attempts) <= {row.id for row in jobs if row.state == "active"}
        view = self.world.view()
        if self.name in ("plain", "read", "people", "promoted"):
            assert len(view.proposals) <= self.world.spec.parallel
        running = [row for row in self.world.all(Iteration) if row.state == "running"]
        assert len(running) <= 1

    @invariant()
    def results_stand_once(self) -> None:
        rows = self.world.all(Measurement)
        counting = Counter((row.attempt_id, row.property) for row in rows if not row.late and not row.replaced_event)
        assert all(count == 1 for count in counting.values())
        sent = [row for row in rows if row.origin == "instrument"]  # it may come after an operator entered a value
        assert all(count == 1 for count in Counter((row.attempt_id, row.property) for row in sent).values())
        late = {row.id: row.late for row in self.world.all(Attempt)}
        assert all(row.late == late[row.attempt_id or ""] for row in sent)

    def check_everything(self) -> None:
        report = self.world.audit()
        assert report.ok, report.faults[:3]
        carried = self.world.campaign.progress
        self.world.do(lambda unit: judge_anew(unit, unit.session.get_one(Campaign, self.world.campaign_id)))
        assert self.world.campaign.progress == (carried or {}), "what is carried along is what all the rows say"

    def abort_to_the_end(self) -> None:
        """From everywhere, an abort leads to the end as soon as the instruments answer."""
        world = self.world
        world.ask(lambda unit: campaigns.abort(unit, BEN, world.campaign_id, "test"))
        for _ in range(3):
            world.answer_strategy([30.0])
            self.decide()
            world.publish()
            while world.wanted("analysis"):
                world.read_file(FOUND[0])
            for attempt in world.open_attempts():
                world.status(attempt, AttemptState.CANCELLED)
            self.decide()
        assert CAMPAIGN.final(world.campaign.state), world.campaign.state
        assert world.open_attempts() == []
        assert world.view().proposals == ()


def test_the_loop() -> None:
    run_state_machine_as_test(LoopMachine, settings=FAST)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_loop_at_length() -> None:
    run_state_machine_as_test(LoopMachine, settings=LONG)
