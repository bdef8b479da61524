"""Which extra holds a package that the package alone leaves out."""

DAEMON = {
    "alembic", "apscheduler", "argon2", "ase", "botorch", "fastapi", "gpytorch", "jinja2", "jsonschema", "matplotlib",
    "mordred", "nicegui", "numpy", "packaging", "pint", "prometheus_client", "psycopg", "pydantic_settings", "pymatgen",
    "python_multipart", "rdkit", "scipy", "sqlalchemy", "sqlmodel", "starlette", "structlog", "torch", "tzdata",
    "ulid", "uvicorn",
}  # fmt: skip
BROKER = {"amqtt"}
DEMOS = {"datamol"}
EXTRAS = {"daemon": DAEMON, "broker": BROKER, "demos": DEMOS}


def advice(error: ModuleNotFoundError) -> str | None:
    """What to install for a package that is missing; None if it is none of an extra's."""
    package = (error.name or "").partition(".")[0]
    extra = next((name for name, packages in EXTRAS.items() if package in packages), None)
    if extra is None:
        return None
    told = f'pip install "FOLDER[{extra}]", with FOLDER a checkout of Tatara'
    return f"this command needs {package}, which is not installed: {told}"
