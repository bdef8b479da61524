"""jsonschema without an optional module that takes a second to load and checks what no schema of ours has."""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from jsonschema import Draft202012Validator, ValidationError  # noqa: E402

__all__ = ["Draft202012Validator", "ValidationError"]
