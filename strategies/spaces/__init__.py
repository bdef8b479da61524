"""What may be varied: search spaces, candidate kinds and their canonical keys."""

from strategies.spaces.candidates import (
    KINDS,
    Candidate,
    CandidateError,
    candidate_of,
    conditions,
    examples,
    schema,
    settings_of,
    validate_candidate,
)
from strategies.spaces.chemistry import canonical_smiles, inchi_key
from strategies.spaces.finite import ENUMERATION_LIMIT, Rows, finite_rows, finite_size, rows_of
from strategies.spaces.keys import candidate_key, canonical_json, canonical_number, key_of_valid
from strategies.spaces.linear import LinearConstraint, parse_linear
from strategies.spaces.membership import space_contains, values_in
from strategies.spaces.mixtures import Mixture
from strategies.spaces.parameters import Categorical, Continuous, Discrete, Integer, Labelled, Ordinal, Parameter
from strategies.spaces.pools import PoolError, PoolTable, parse_pool, read_pool
from strategies.spaces.rules import Rule
from strategies.spaces.settings import snap
from strategies.spaces.sheets import Sheet, SheetError, read_sheet
from strategies.spaces.snapping import snap_values
from strategies.spaces.space import Pool, Space

__all__ = [
    "ENUMERATION_LIMIT",
    "KINDS",
    "Candidate",
    "CandidateError",
    "Categorical",
    "Continuous",
    "Discrete",
    "Integer",
    "Labelled",
    "LinearConstraint",
    "Mixture",
    "Ordinal",
    "Parameter",
    "Pool",
    "PoolError",
    "PoolTable",
    "Rows",
    "Rule",
    "Sheet",
    "SheetError",
    "Space",
    "candidate_key",
    "candidate_of",
    "canonical_json",
    "canonical_number",
    "canonical_smiles",
    "conditions",
    "examples",
    "finite_rows",
    "finite_size",
    "inchi_key",
    "key_of_valid",
    "parse_linear",
    "parse_pool",
    "read_pool",
    "read_sheet",
    "rows_of",
    "schema",
    "settings_of",
    "snap",
    "snap_values",
    "space_contains",
    "validate_candidate",
    "values_in",
]
