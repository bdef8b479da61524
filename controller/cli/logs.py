"""The daemon's log: lines for people, or one JSON object a line for programs. All loggers go the same way."""

import logging
import sys
from enum import StrEnum


class LogFormat(StrEnum):
    """How a line looks."""

    JSON = "json"
    TEXT = "text"


def configure(wanted: LogFormat | None) -> None:
    """Log to stderr; without a wish as text on a terminal and as JSON elsewhere."""
    import structlog

    style = wanted or (LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON)
    handler = logging.StreamHandler()
    if style is LogFormat.TEXT:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    else:
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.stdlib.ExtraAdder(),
                    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                    structlog.processors.format_exc_info,
                ],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            )
        )
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger("tatara").setLevel(logging.INFO)
