"""The commands, gathered."""

import typer

from controller.cli import (
    alerts,
    broker,
    campaigns,
    database,
    decisions,
    demo,
    doctor,
    emulate,
    estops,
    instrument_test,
    instruments,
    new,
    people,
    plan,
    propose,
    records,
    serve,
    simulate,
    watch,
    work,
)

HELP = (
    "Tatara runs experiment campaigns by itself: it proposes experiments, has them approved, sends them to "
    "instruments, measures, learns, and proposes again, until the goal is reached or the budget is used.\n\n"
    "Try `tatara demo reactor`: everything emulated, on this machine. For real work start the daemon with "
    "`tatara serve`; then, from another terminal in the same folder, `tatara campaign submit FILE`, "
    "`tatara campaign list`, `tatara proposals`."
)
EPILOG = (
    "Exit codes: 0 done; 1 refused or failed (a fault in a file, no such thing, tampering found); 2 wrong usage; "
    "3 the daemon cannot be reached, or cannot reach its database or broker; 4 the thing is not in the state, or "
    "not as it was shown, for what was asked; 5 not signed in, or the role does not allow it."
)

app = typer.Typer(
    name="tatara",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog=EPILOG,
    help=HELP,
)

for part in (serve, demo):
    part.add_to(app)
propose.add_to(app)
plan.add_to(campaigns.app)
app.add_typer(campaigns.app, name="campaign")
app.add_typer(people.users, name="user", rich_help_panel="Administration")
app.add_typer(people.tokens, name="token", rich_help_panel="Administration")
app.add_typer(alerts.alerts, name="alerts", rich_help_panel="Administration")
instrument_test.add_to(instruments.app)
for part in (new, simulate, decisions, work, instruments, estops, emulate, watch, records, database, broker, doctor):
    part.add_to(app)
