"""What is wrong with a set-up, and how to mend it: small checks, each of which looks and changes nothing."""

from controller.report.doctor.examine import examine
from controller.report.doctor.finding import Finding

__all__ = ["Finding", "examine"]
