"""The configuration of one emulator: a JSON file, checked when it starts."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PASSWORD_VARIABLE = "TATARA_INSTRUMENT_PASSWORD"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Column(_Section):
    """A measured column of a table: which property it holds, in which unit."""

    property: str
    unit: str = "dimensionless"


class Table(_Section):
    """Measured data to replay. Rows with equal parameters and label are replicates, in the order of the file.

    `label` is the column that holds what the rows of a pool are called; where no two are called alike it is enough.
    """

    file: Path
    parameters: dict[str, str | None] = {}  # column -> unit; null for categories
    label: str | None = None
    measured: dict[str, Column]  # column -> what it holds

    @model_validator(mode="after")
    def _tells_rows_apart(self) -> "Table":
        if not self.parameters and self.label is None:
            raise ValueError("a table needs parameters or a label: what else should tell its rows apart?")
        return self


class EmulatorConfig(_Section):
    """What to emulate, where the broker is, and how it behaves.

    `ca_file` is the authority that signed the broker's certificate; without it there is TLS to other machines only. The
    password stands in `password_file` or in the environment, never on a command line. `noise` is the relative standard
    deviation of measured concentrations. `run_log`: a file to which the attempt id is appended, and synced to disk,
    before each run.
    """

    kind: Literal["reactor", "analyser", "table"]
    name: str
    site: str
    host: str = "127.0.0.1"
    port: int
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    journal: Path
    seed: int = 0
    noise: float = Field(default=0.0, ge=0)
    duration_s: float = Field(default=0.5, ge=0)
    concurrency: int = Field(default=1, ge=1)
    heartbeat_s: float = Field(default=5.0, gt=0)
    resend_s: float = Field(default=2.0, gt=0)
    ack_timeout_s: float = Field(default=10.0, gt=0)
    run_log: Path | None = None
    stop_with_parent: bool = False
    table: Table | None = None

    def password(self) -> str:
        """The password; raises `KeyError` if there is none."""
        if self.password_file is not None:
            return self.password_file.read_text(encoding="utf-8").strip()
        return os.environ[PASSWORD_VARIABLE]
