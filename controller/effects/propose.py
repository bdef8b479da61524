"""Outbox kind `propose`: ask the strategy in a worker, then record its proposals, or why there are none."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import Session, col

from adapters.compute import TaskFailed, WorkerDied, Workers
from controller.effects.runner import mark_done
from controller.files import Files
from controller.loop import ITERATION
from controller.loop.progress import expect
from controller.store import Store, Unit
from controller.store.change import pause_for
from controller.store.history import build_request
from controller.store.proposals import make_proposal
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Iteration, Outbox, Proposal
from strategies import Request, Response, request_digest

TASK = "controller.effects.tasks:propose"


@dataclass(frozen=True)
class _Question:
    """What a worker is asked, and how long it may take."""

    request: Request
    plain: dict[str, Any]
    region: bool  # whether an approval rule compares the distance outside the known region
    deadline: float


@dataclass(frozen=True)
class Asked:
    """What the strategy was asked, by its digest, and what came back."""

    digest: str
    seconds: float
    answer: dict[str, Any] | None = None
    error: str | None = None


class Proposer:
    """Runs iterations."""

    def __init__(self, store: Store, workers: Workers, files: Files) -> None:
        self._store = store
        self._workers = workers
        self._files = files

    async def propose(self, row: Outbox) -> None:
        """Carry out one iteration; a strategy that fails pauses its campaign and nothing else."""
        iteration_id = row.payload["iteration"]
        question = await self._store.read(lambda session: _prepare(session, iteration_id))
        digest = asyncio.to_thread(request_digest, question.request)  # beside the worker: nobody waits for it
        asked = await self._ask(question, asyncio.ensure_future(digest))
        await self._store.write(lambda unit: finish_iteration(unit, row, iteration_id, asked), name="iteration")

    async def _ask(self, question: _Question, digest: Awaitable[str]) -> Asked:
        started = time.monotonic()
        try:
            files = self._files.paths(needed_files(question.request))
            payload = {"request": question.plain, "files": files, "region": question.region}
            answer = await self._run(payload, question.deadline)
            seconds = time.monotonic() - started
        except (TaskFailed, FileNotFoundError, ValueError) as error:
            reason = f"{question.request.strategy.name}: {error}"[:2000]
            return Asked(await digest, time.monotonic() - started, error=reason)
        return Asked(await digest, seconds, answer=answer)

    async def _run(self, payload: dict[str, Any], deadline: float) -> dict[str, Any]:
        """A worker that was killed costs one try: the question is pure and is asked once more."""
        try:
            return await self._workers.run(TASK, payload, deadline)
        except WorkerDied:
            return await self._workers.run(TASK, payload, deadline)


def needed_files(request: Request) -> list[str]:
    """SHA-256 of every file that a request names."""
    pool = request.space.pool
    named = [pool.sha256] if pool is not None and pool.sha256 else []
    return [*named, *request.artifacts.values()]


def _prepare(session: Session, iteration_id: str) -> _Question:
    """Runs in the reader's thread: with a long history it takes seconds."""
    iteration = session.get_one(Iteration, iteration_id)
    spec = spec_of(session, session.get_one(Campaign, iteration.campaign_id))
    request = build_request(session, iteration)
    return _Question(
        request,
        request.model_dump(mode="json"),
        any(rule.kind == "known_region" for stage in spec.stages for rule in stage.approval.rules),
        spec.strategy.deadline,
    )


def finish_iteration(unit: Unit, row: Outbox, iteration_id: str, asked: Asked) -> None:
    """One transaction: the iteration's end, its proposals, and the campaign's pause if it failed."""
    if not mark_done(unit, row):
        return
    iteration = unit.session.get_one(Iteration, iteration_id)
    campaign = unit.session.get_one(Campaign, iteration.campaign_id)
    iteration.digest, iteration.seconds = asked.digest, asked.seconds
    campaign.iterating = False
    if asked.answer is None:
        _fail(unit, campaign, iteration, asked.error or "no answer")
        return
    try:
        response = Response.model_validate(asked.answer["response"])
    except ValidationError as error:
        _fail(unit, campaign, iteration, f"the strategy's answer cannot be read: {error}"[:2000])
        return
    iteration.state, iteration.report = ITERATION.next(iteration.state, "finish"), response.report
    iteration.versions = asked.answer["versions"]
    campaign.progress = expect(campaign.progress, spec_of(unit.session, campaign), response.report)
    wanted = campaign.state in ("running", "paused")  # what comes after a stop is not begun
    made = _proposals(unit, campaign, iteration, response, asked.answer) if wanted else []
    campaign.exhausted = campaign.exhausted or not response.proposals
    unit.record(
        "iteration.finish", iteration, campaign, *made, campaign_id=campaign.id, subject=iteration.id, made=len(made)
    )


def give_up_iteration(unit: Unit, row: Outbox, why: str) -> None:
    """The iteration ends without proposals, so that the campaign can go on or end."""
    iteration = unit.session.get_one(Iteration, row.payload["iteration"])
    campaign = unit.session.get_one(Campaign, iteration.campaign_id)
    campaign.iterating = False
    if ITERATION.allows(iteration.state, "fail"):
        _fail(unit, campaign, iteration, why)


def _fail(unit: Unit, campaign: Campaign, iteration: Iteration, error: str) -> None:
    iteration.state, iteration.error = ITERATION.next(iteration.state, "fail"), error
    unit.record("iteration.fail", iteration, campaign, campaign_id=campaign.id, subject=iteration.id, error=error)
    pause_for(unit, campaign, error)


def _proposals(
    unit: Unit, campaign: Campaign, iteration: Iteration, response: Response, answer: dict[str, Any]
) -> list[Proposal]:
    spec = spec_of(unit.session, campaign)
    costs = {stage.name: stage.cost for stage in spec.stages}
    campaign.experiments += sum(spec.is_entry(each.stage) for each in response.proposals)
    ids = _ids(unit, campaign, {number for each in response.proposals for number in each.parents})
    made = []
    for place, (each, key, facts) in enumerate(zip(response.proposals, answer["keys"], answer["facts"], strict=True)):
        hazard = unit.limits.hazard_class(each.candidate)
        proposal = make_proposal(
            unit,
            campaign,
            iteration_id=iteration.id,
            place=place,
            stage=each.stage,
            key=key,
            candidate=each.candidate,
            parents=[ids[number] for number in each.parents],
            prediction={name: value.model_dump() for name, value in each.prediction.items()},
            acquisition=each.acquisition,
            reason=each.reason,
            memory=each.memory,
            facts={**facts, "cost": costs[each.stage], "hazard": float(hazard)},
            needs_two_people=hazard >= unit.limits.two_people_from,
            made_by=spec.strategy.name,
        )
        made.append(proposal)
    return made


def _ids(unit: Unit, campaign: Campaign, numbers: set[str]) -> dict[str, str]:
    """Ids of proposals by the numbers under which a strategy knows them."""
    if not numbers:
        return {}
    query = select(Proposal).where(
        col(Proposal.campaign_id) == campaign.id, col(Proposal.number).in_([int(number) for number in numbers])
    )
    return {str(row.number): row.id for row in unit.session.scalars(query)}
