"""Everything that a page can ask for, each a plain function of the house, the person and what they said.

A handler of a page calls one of these and nothing else; they call `commands`, which hold the roles.
"""

from controller.commands.doubts import FAILURES  # kinds of failure that people may tell of
from controller.console.actions.account import (
    change_password,
    end_other_sessions,
)
from controller.console.actions.alerts import (
    test_alert,
)
from controller.console.actions.attempts import (
    ask_again,
    cancel_attempt,
    enter,
    fail,
    repeat,
)
from controller.console.actions.campaigns import (
    abort_campaign,
    amend_campaign,
    pause_campaign,
    resume_campaign,
    stop_campaign,
)
from controller.console.actions.instruments import (
    accept_description,
    arm,
    disarm,
    estop,
    explain_estop,
    pause_instrument,
    reset,
    resume_instrument,
)
from controller.console.actions.people import (
    create_user,
    disable_user,
    enable_user,
    make_code,
    make_token,
    revoke_token,
)
from controller.console.actions.proposals import (
    approve,
    edit,
    foresee,
    foresee_point,
    inject,
    reject,
)
from controller.console.actions.record import (
    accept_corrected,
    correct,
    discard,
    verify,
)
from controller.console.actions.registry import ACTIONS, Action
from controller.console.actions.tasks import (
    fail_task,
    keep_file,
    measure,
)

__all__ = [
    "ACTIONS",
    "FAILURES",
    "Action",
    "abort_campaign",
    "accept_corrected",
    "accept_description",
    "amend_campaign",
    "approve",
    "arm",
    "ask_again",
    "cancel_attempt",
    "change_password",
    "correct",
    "create_user",
    "disable_user",
    "disarm",
    "discard",
    "edit",
    "enable_user",
    "end_other_sessions",
    "enter",
    "estop",
    "explain_estop",
    "fail",
    "fail_task",
    "foresee",
    "foresee_point",
    "inject",
    "keep_file",
    "make_code",
    "make_token",
    "measure",
    "pause_campaign",
    "pause_instrument",
    "reject",
    "repeat",
    "reset",
    "resume_campaign",
    "resume_instrument",
    "revoke_token",
    "stop_campaign",
    "test_alert",
    "verify",
]
