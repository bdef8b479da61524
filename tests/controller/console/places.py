"""The addresses of all pages."""


def pages(campaign: str) -> tuple[str, ...]:
    """Every page; the one of a campaign for this one."""
    names = "approvals instruments doubts samples tasks files events quarantine system account"
    return ("/", f"/campaigns/{campaign}", *(f"/{name}" for name in names.split()))
