"""Users and their tokens, for admins; everybody may handle their own tokens."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import Daemon, talks
from controller.cli.secret_file import place_for

SHOWN = 12  # characters of a token's digest, which name it

User = Annotated[str, typer.Argument(metavar="USER", help="Name of the user.")]
MaybeWhy = Annotated[str | None, typer.Option(help="A reason, if you want one in the audit trail.")]

users = typer.Typer(no_args_is_help=True, help="Who may use the system. Each role may do what the one before it may.")
tokens = typer.Typer(no_args_is_help=True, help="Tokens, with which people and programs sign in.")


class RoleName(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@users.command("create")
@talks
def create_user(
    daemon: Daemon,
    user: User,
    role: Annotated[
        RoleName,
        typer.Option(
            help="viewer: look, pause and e-stop; operator: also approve, start, resume, arm; admin: also enrol."
        ),
    ],
) -> None:
    """Let a person in. They sign in with a token: make one with `tatara token create`."""
    answer = daemon.post("/users", name=user, role=role.value)
    daemon.show(answer, lambda row: print(f"User {row['name']} may do what a person with role {row['role']} may."))


@users.command("list")
@talks
def list_users(daemon: Daemon) -> None:
    """List everybody who was let in."""
    daemon.show(daemon.get("/users"), _show_users)


def _show_users(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("name", "role", "disabled"), ((row["name"], row["role"], row["disabled"]) for row in rows), "No users."
    )


@users.command("disable")
@talks
def disable(daemon: Daemon, user: User, why: MaybeWhy = None) -> None:
    """Shut a person out: their tokens are refused from now on. What they did stays theirs."""
    daemon.show(daemon.post(f"/users/{user}/disable", why=why), lambda row: print(f"User {row['name']} is disabled."))


@users.command("enable")
@talks
def enable(daemon: Daemon, user: User, why: MaybeWhy = None) -> None:
    """Let a person in again; their tokens work as before, but for those that were revoked."""
    daemon.show(
        daemon.post(f"/users/{user}/enable", why=why), lambda row: print(f"User {row['name']} is let in again.")
    )


@users.command("code")
@talks
def create_code(daemon: Daemon, user: User) -> None:
    """Make a code with which a person signs in to the console once, within a day; there they choose a password."""
    daemon.show(daemon.post(f"/users/{user}/code"), lambda row: _show_code(daemon.address(), row))


def _show_code(url: str, row: dict[str, Any]) -> None:
    print(f"Sign-in code of {row['user']}, good once and for a day:\n\n    {row['code']}\n")
    print(f"It is asked for at {url}/sign-in and is not shown again.")


@tokens.command("create")
@talks
def create_token(
    daemon: Daemon,
    user: User,
    label: Annotated[str, typer.Option(help="What it is for, such as a machine or a script.")],
    output_file: Annotated[
        Path | None,
        typer.Option("--output", help="Write it into this new file, readable by you only, and do not show it."),
    ] = None,
) -> None:
    """Make a token and show it, once: the daemon keeps nothing but its digest."""
    with place_for(output_file) as put:
        answer = daemon.post("/tokens", user=user, label=label)
        put(answer["token"])
    if output_file is not None:
        answer = {**answer, "token": None, "file": str(output_file)}
    daemon.show(answer, _show_token)


def _show_token(row: dict[str, Any]) -> None:
    print(f"Token {row['sha256'][:SHOWN]} of {row['user']}, for {output.safe(row['label'])}:")
    if row["token"] is None:
        print(f"written to {output.safe(row['file'])}; use it with --token-file or TATARA_TOKEN_FILE.")
    else:
        print(f"\n    {row['token']}\n\nIt is not shown again. Keep it in a file and use that with --token-file.")


@tokens.command("list")
@talks
def list_tokens(
    daemon: Daemon, user: Annotated[str | None, typer.Option(help="Only those of this user.")] = None
) -> None:
    """List tokens by the beginnings of their digests: your own, or as an admin those of everybody."""
    daemon.show(daemon.get("/tokens", user=user), _show_tokens)


def _show_tokens(rows: list[dict[str, Any]]) -> None:
    output.table(
        ("id", "user", "for", "made (UTC)", "revoked (UTC)"),
        (
            (
                row["sha256"][:SHOWN],
                row["user"],
                row["label"],
                output.moment(row["made_at"]),
                output.moment(row["revoked_at"]),
            )
            for row in rows
        ),
        "No tokens.",
    )


@tokens.command("revoke")
@talks
def revoke(
    daemon: Daemon,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, from `tatara token list`.")],
    why: Annotated[str, typer.Option(help="The reason; it stands in the audit trail.")],
) -> None:
    """End a token for good."""
    answer = daemon.post(f"/tokens/{token}/revoke", why=why)
    daemon.show(answer, lambda row: print(f"Token {row['sha256'][:SHOWN]} of {row['user']} is no longer accepted."))
