"""The campaign file: load it, check it, explain what is wrong by line."""

from controller.spec.data import DataRow, TableError, properties_of, read_candidates, read_rows
from controller.spec.loading import budget_of, json_schema, load, spec_digest
from controller.spec.model import Campaign, Data, Strategy
from controller.spec.problems import Problem, SpecError
from controller.spec.stages import PEOPLE, Analysis, Approval, ApprovalRule, Promotion, Stage, Step
from controller.spec.stopping import (
    Budget,
    ExpectedGain,
    Hypervolume,
    HypervolumeStalled,
    NoImprovement,
    StoppingRule,
    TargetReached,
)
from controller.spec.transfer import Transfer, TransferSource
from controller.spec.windows import Window

__all__ = [
    "PEOPLE",
    "Analysis",
    "Approval",
    "ApprovalRule",
    "Budget",
    "Campaign",
    "Data",
    "DataRow",
    "ExpectedGain",
    "Hypervolume",
    "HypervolumeStalled",
    "NoImprovement",
    "Problem",
    "Promotion",
    "SpecError",
    "Stage",
    "Step",
    "StoppingRule",
    "Strategy",
    "TableError",
    "TargetReached",
    "Transfer",
    "TransferSource",
    "Window",
    "budget_of",
    "json_schema",
    "load",
    "properties_of",
    "read_candidates",
    "read_rows",
    "spec_digest",
]
