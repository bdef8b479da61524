"""Plays the host against somebody's instrument and says, clause by clause of PROTOCOL.md, what conforms."""

from adapters.instruments.conformance.findings import Finding, Verdict
from adapters.instruments.conformance.run import NotReady, examine, failed, meet
from adapters.instruments.conformance.stand import Stand
from adapters.instruments.conformance.subject import Subject
from adapters.instruments.conformance.talk import Patience, Talk

__all__ = ["Finding", "NotReady", "Patience", "Stand", "Subject", "Talk", "Verdict", "examine", "failed", "meet"]
