"""What instruments may send, damaged: read or refused by the parser, and accounted for by the intake."""

import itertools
import json
import random
from collections import Counter

import pytest

from adapters.instruments.messages import (
    AttemptStatus,
    Command,
    Description,
    Heartbeat,
    HostState,
    InstrumentState,
    MalformedMessage,
    Receipt,
    Request,
    Result,
    encode,
    parse,
)
from controller.report.audit import audit
from controller.store.tables import Attempt, Orphan, Quarantine
from tests.controller.stand import Stand
from tests.fuzz.messages import seeds
from tests.fuzz.mutations import Mutations

MODELS = (AttemptStatus, Command, Description, Heartbeat, HostState, InstrumentState, Receipt, Request, Result)
GROUP = 200
MANY = pytest.mark.slow


@pytest.mark.parametrize("cases", [2_000, pytest.param(30_000, marks=MANY)])
def test_the_parser_refuses_or_reads(cases: int) -> None:
    good = [encode(each) for kind in seeds("a-1", "0" * 64).values() for each in kind]
    read = 0
    for payload in itertools.islice(Mutations(good, seed=cases), cases):
        for model in MODELS:
            try:
                again = parse(model, encode(parse(model, payload)))
            except MalformedMessage:
                continue
            json.dumps(again.model_dump(mode="json"), allow_nan=False)
            read += 1
    assert read > cases / 100


@pytest.mark.parametrize("cases", [600, pytest.param(10_000, marks=[MANY, pytest.mark.timeout(1200)])])
async def test_the_intake_accounts_for_each(stand: Stand, cases: int) -> None:
    before = len(await stand.all(Quarantine))
    answers: Counter[str] = Counter()
    messages = Messages(await stand.attempt(), seed=cases)
    for _ in range(cases // GROUP):
        answers.update(await stand.told([messages.one() for _ in range(GROUP)]))
    assert answers.total() == cases
    assert answers["quarantined"] == len(await stand.all(Quarantine)) - before
    assert answers["unknown"] >= len(await stand.all(Orphan))
    assert answers["stored"] <= 1
    assert "internal" not in " ".join(row.reason for row in await stand.all(Quarantine))
    report = await stand.store.read(audit)
    assert report.ok, report.faults


class Messages:
    """Topic and payload, each damaged now and then."""

    def __init__(self, attempt: Attempt, seed: int) -> None:
        self._random = random.Random(seed)
        good = seeds(attempt.id, attempt.digest)
        self._attempt_id = attempt.id
        self._payloads = {kind: Mutations([encode(each) for each in messages], seed) for kind, messages in good.items()}

    def one(self) -> tuple[str, bytes]:
        """One more."""
        kind = self._random.choice(list(self._payloads))
        payload = self._payloads[kind].one()
        return self._topic(kind), payload

    def _topic(self, kind: str) -> str:
        if kind not in ("status", "result"):
            return f"tatara/v1/lab/stove/{kind}"
        name = self._random.choice([self._attempt_id] * 5 + ["unknown-1"] * 3 + ["UPPER", "a" * 81, "\u2603", " ", "-"])
        return f"tatara/v1/lab/stove/attempt/{name}/{kind}"
