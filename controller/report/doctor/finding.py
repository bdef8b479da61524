"""What one check found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found there, and how to mend it if that is wrong."""

    looked_at: str
    found: str
    mend: str | None = None

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return self.mend is None
