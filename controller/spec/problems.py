"""What is wrong with a campaign file, told so that its author can mend it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault: where it stands, what stands there, and what would be right. Lines count from 1."""

    line: int
    field: str
    value: str
    message: str

    def __str__(self) -> str:
        found = f" (found {self.value})" if self.value else ""
        return f"line {self.line}: {self.field or 'campaign file'}: {self.message}{found}"


class SpecError(ValueError):
    """The campaign file cannot be used; `problems` holds every fault that was found, in the order of the lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(map(str, self.problems)))
