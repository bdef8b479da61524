"""What the labels of a category are in numbers, as the campaign file says it."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strategies.spaces.chemistry import parse_smiles

Number = Annotated[float, Field(ge=-1e100, le=1e100)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Descriptors(BaseModel):
    """Numbers given in a `table`, numbers read from a CSV `file`, or computed from SMILES by a `method`.

    `table`: label -> name -> number, the same names for every label. `file`: a CSV beside the campaign file, whose
    column `label` holds the labels; of its other columns `columns` count (None: all); what was read stands in `table`.
    `method`: mordred (2-D descriptors) or fingerprint (Morgan, radius 2, 2048 bits) of `smiles`, label -> SMILES (None:
    the labels are SMILES).
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    table: dict[Text, dict[Text, Number]] | None = None
    file: str | None = None
    label: Text | None = None
    columns: list[Text] | None = Field(default=None, min_length=1)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    method: Literal["mordred", "fingerprint"] | None = None
    smiles: dict[Text, Text] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Descriptors":
        given = self.table is not None or self.file is not None
        if given == (self.method is not None):
            raise ValueError("descriptors have either a `table`, a `file` with its column `label`, or a `method`")
        if (self.file is None) != (self.label is None):
            raise ValueError("a `file` of descriptors has a column `label`, which holds the labels")
        if self.file is None and (self.columns is not None or self.sha256 is not None):
            raise ValueError("`columns` and `sha256` belong to a `file` of descriptors")
        if self.method is None and self.smiles is not None:
            raise ValueError("`smiles` needs a `method`: mordred or fingerprint")
        return self

    def check(self, choices: Sequence[str]) -> None:
        """Raise `ValueError` unless every choice has its numbers or its SMILES (a file not read yet is taken)."""
        if self.method is not None:
            for choice in choices:
                self._check_smiles(choice)
        elif self.table is not None:
            _check_table(self.table, choices)

    def smiles_of(self, choice: str) -> str:
        """The SMILES of a choice."""
        return choice if self.smiles is None else self.smiles[choice]

    def _check_smiles(self, choice: str) -> None:
        if self.smiles is not None and choice not in self.smiles:
            raise ValueError(f"{choice!r}: this choice has no SMILES")
        try:
            parse_smiles(self.smiles_of(choice))
        except ValueError as error:
            raise ValueError(f"{self.smiles_of(choice)!r}: {error}") from error


def _check_table(table: dict[str, dict[str, float]], choices: Sequence[str]) -> None:
    if missing := [choice for choice in choices if choice not in table]:
        raise ValueError(f"{missing[0]!r}: this choice has no descriptors")
    names = set(table[choices[0]])
    if not names:
        raise ValueError(f"{choices[0]!r}: the table of descriptors has no numbers for it")
    for choice in choices:
        if odd := sorted(names ^ set(table[choice])):
            raise ValueError(f"descriptor {odd[0]!r} is not given for every choice ({choice!r} and {choices[0]!r})")
