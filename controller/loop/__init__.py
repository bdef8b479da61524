"""Pure decisions: `decide(view, now)` and one transition table for each thing."""

from controller.loop.attempt import ATTEMPT
from controller.loop.campaign import CAMPAIGN
from controller.loop.decide import Decision, decide
from controller.loop.instrument import INSTRUMENT
from controller.loop.iteration import ITERATION
from controller.loop.job import JOB
from controller.loop.proposal import PROPOSAL
from controller.loop.sample import SAMPLE
from controller.loop.transitions import ForbiddenTransition, Transitions
from controller.loop.view import CampaignView

TABLES = (CAMPAIGN, ITERATION, PROPOSAL, JOB, ATTEMPT, SAMPLE, INSTRUMENT)

__all__ = [
    "ATTEMPT",
    "CAMPAIGN",
    "INSTRUMENT",
    "ITERATION",
    "JOB",
    "PROPOSAL",
    "SAMPLE",
    "TABLES",
    "CampaignView",
    "Decision",
    "ForbiddenTransition",
    "Transitions",
    "decide",
]
