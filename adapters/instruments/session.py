"""What an instrument does with each message: the clauses of PROTOCOL.md, in code."""

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

from adapters.instruments import topics
from adapters.instruments.crew import Crew
from adapters.instruments.journal import Entry, Journal
from adapters.instruments.messages import (
    Action,
    AttemptState,
    Command,
    Description,
    HostMode,
    HostState,
    MalformedMessage,
    OnHostLost,
    Receipt,
    Refusal,
    Request,
    parse,
)
from adapters.instruments.speech import Speech
from adapters.instruments.work import parameter_fault

log = logging.getLogger("tatara.instrument")

UNNAMED_ESTOP = "unnamed"


class Host:
    """Whether the daemon is there, as far as the broker has told us on this connection."""

    def __init__(self) -> None:
        self._states: dict[str, HostState] = {}
        self._epochs: dict[str, int] = {}
        self.last_present = time.monotonic()

    @property
    def present(self) -> bool:
        """Whether any daemon has said that it is there."""
        return any(state.state is HostMode.ONLINE for state in self._states.values())

    def forget(self) -> None:
        """At a new connection nothing is known until the broker tells."""
        self._states.clear()

    def hear(self, daemon: str, state: HostState) -> None:
        """Take a state, unless it is of an older epoch: then it is the late will of an earlier daemon."""
        if state.epoch < self._epochs.get(daemon, 0):
            return
        self._epochs[daemon] = state.epoch
        self._states[daemon] = state


class Session:
    """Takes messages one after another; when `take` returns, what it decided is in the journal."""

    def __init__(
        self,
        site: str,
        name: str,
        description: Description,
        journal: Journal,
        speech: Speech,
        stop_hardware: Callable[[], None] | None = None,
    ) -> None:
        self.host = Host()
        self._stop_hardware = stop_hardware
        self._description = description
        self._journal = journal
        self._speech = speech
        self._lost = False
        self._command_topic = topics.own(site, name, "command")
        below = rf"{topics.ROOT}/{site}/{name}/attempt"
        self._attempt_topic = re.compile(rf"^{below}/([a-z0-9][a-z0-9-]{{0,79}})/(request|receipt)$")
        self._host_topic = re.compile(rf"^{topics.ROOT}/{site}/host/([^/]+)/state$")
        self.subscriptions = [
            (f"{topics.ROOT}/{site}/{name}/attempt/+/request", 1),
            (f"{topics.ROOT}/{site}/{name}/attempt/+/receipt", 1),
            (self._command_topic, 1),
            (topics.host_state(site, "+"), 1),
        ]

    def works_with(self, crew: Crew) -> None:
        """Let this crew do the work."""
        self._crew = crew

    def wake(self) -> None:
        """At start: call what was begun interrupted, and say what the host may not know."""
        self._journal.interrupt()
        for entry in self._journal.unsettled():
            self._tell(entry)

    def may_start(self) -> bool:
        """Whether anything new may start."""
        return self.host.present and not self._journal.paused and not self._journal.estops()

    def take(self, topic: str, payload: bytes) -> None:
        """Act on a message. What cannot be read is logged and, where it is a request, refused."""
        try:
            if found := self._attempt_topic.match(topic):
                attempt_id, kind = found.groups()
                self._request(attempt_id, payload) if kind == "request" else self._receipt(attempt_id, payload)
            elif topic == self._command_topic:
                self._command(parse(Command, payload))
            elif found := self._host_topic.match(topic):
                self._hear_host(found[1], parse(HostState, payload))
        except MalformedMessage as error:
            log.warning("malformed message on %s: %s", topic, error)
        self._crew.start_waiting()

    def check_host(self, grace_s: float) -> None:
        """Act on a host that has been silent, or out of reach, for longer than `grace_s`."""
        if self.host.present:
            self.host.last_present = time.monotonic()
        elif time.monotonic() - self.host.last_present > grace_s:
            self._lose_host()

    # Requests and receipts

    def _request(self, attempt_id: str, payload: bytes) -> None:
        known = self._journal.get(attempt_id)
        try:
            request = parse(Request, payload)
            if request.attempt_id != attempt_id:
                raise MalformedMessage(f"attempt_id is {request.attempt_id}, the topic says {attempt_id}")
        except MalformedMessage as error:
            if known is None:
                self._refuse(attempt_id, None, Refusal.MALFORMED, str(error))
            else:
                self._tell(known)
            return
        if known is None:
            self._consider(request)
        elif known.digest is not None and known.digest != request.digest:
            self._speech.other_digest(known, request.digest)
        else:
            self._tell(known)

    def _consider(self, request: Request) -> None:
        if (fault := self._fault(request)) is not None:
            self._refuse(request.attempt_id, request.digest, *fault)
            return
        if datetime.now(UTC) > request.start_before:
            reason = f"start_before {request.start_before.isoformat()} had passed"
            self._journal.expire(request.attempt_id, request.digest, reason)
        else:
            self._journal.accept(request)
        self._speech.status(request.attempt_id)

    def _fault(self, request: Request) -> tuple[Refusal, str] | None:
        if request.journal_id != self._journal.journal_id:
            return Refusal.OTHER_JOURNAL, f"this journal is {self._journal.journal_id}, not {request.journal_id}"
        if self._journal.estops():
            return Refusal.ESTOPPED, "an emergency stop holds"
        capability = self._description.capabilities.get(request.capability)
        if capability is None:
            return Refusal.UNKNOWN_CAPABILITY, f"no capability {request.capability}"
        fault = parameter_fault(capability, request.parameters)
        return (Refusal.INVALID_PARAMETER, fault) if fault else None

    def _refuse(self, attempt_id: str, digest: str | None, refusal: Refusal, reason: str) -> None:
        self._journal.refuse(attempt_id, digest, refusal, reason[:2000])
        self._speech.status(attempt_id)

    def _tell(self, entry: Entry) -> None:
        if entry.to_send:
            self._speech.result(entry.attempt_id)
        else:
            self._speech.status(entry.attempt_id)

    def _receipt(self, attempt_id: str, payload: bytes) -> None:
        receipt = parse(Receipt, payload)
        known = self._journal.get(attempt_id)
        if receipt.attempt_id != attempt_id or known is None or known.result is None:
            return
        self._journal.receipt(attempt_id, receipt.verdict)
        self._speech.silence(attempt_id)

    # Commands

    def _command(self, command: Command) -> None:
        match command.action:
            case Action.ESTOP:
                self._estop(command.id or UNNAMED_ESTOP, command.reason)
            case Action.RESET:
                self._journal.reset(command.estops)
                self._speech.state()
            case Action.PAUSE | Action.RESUME:
                self._wanted(command)
            case Action.CANCEL:
                for attempt_id in command.attempts or ():
                    self._cancel(attempt_id, command.reason or "cancelled by the host")
            case Action.REPORT_ATTEMPTS:
                self._report(command.attempts)

    def _estop(self, estop_id: str, reason: str | None) -> None:
        # Stopping comes first, writing it down second: the order is the other way round everywhere else.
        try:
            if self._stop_hardware is not None:
                self._stop_hardware()
        # The maker's code may fail in any way; the e-stop must be latched all the same.
        except Exception:
            log.exception("the emergency stop function failed")
        why = f"emergency stop: {reason or 'no reason given'}"[:2000]
        self._crew.cancel_running(why)
        self._journal.latch(estop_id)
        self._crew.refuse_waiting(Refusal.ESTOPPED, why)
        self._speech.state()

    def _wanted(self, command: Command) -> None:
        if command.number is None:
            raise MalformedMessage("pause and resume need a number")
        if command.number > self._journal.wanted:
            self._journal.obey(command.number, command.action is Action.PAUSE)
            self._speech.state()

    def _cancel(self, attempt_id: str, reason: str) -> None:
        known = self._journal.get(attempt_id)
        if known is None:
            self._refuse(attempt_id, None, Refusal.CANCELLED_BEFORE, reason)
        elif known.state in (AttemptState.ACCEPTED, AttemptState.RUNNING):
            self._crew.cancel(attempt_id, reason)
        else:
            self._tell(known)

    def _report(self, attempts: list[str] | None) -> None:
        named = [entry.attempt_id for entry in self._journal.unsettled()] if attempts is None else attempts
        for attempt_id in named:
            known = self._journal.get(attempt_id)
            if known is not None and known.result is not None:
                self._journal.send_again(attempt_id)
                self._speech.result(attempt_id)
            else:
                self._speech.status(attempt_id)

    # The host

    def _hear_host(self, daemon: str, state: HostState) -> None:
        was_present = self.host.present
        self.host.hear(daemon, state)
        if self.host.present:
            self.host.last_present = time.monotonic()
            self._lost = False
            self._crew.hold(False)
            # A late will of an earlier connection may be all that the broker has retained of us.
            self._speech.state()
        elif was_present:  # else it was not there anyway: another may be about to appear
            self._lose_host()

    def _lose_host(self) -> None:
        if self._lost:
            return
        self._lost = True
        match self._description.on_host_lost:
            case OnHostLost.ABORT:
                self._crew.cancel_running("the host is lost")
            case OnHostLost.HOLD:
                self._crew.hold(True)
            case OnHostLost.CONTINUE:
                pass
