"""Why a command is not carried out; the faces turn these into exit codes and HTTP answers."""


class NotFound(LookupError):
    """There is no such thing."""


class Conflict(RuntimeError):
    """The thing is not in the state, or not as it was shown, when the command was given."""


class DoneAlready(Conflict):
    """The same person has done just this before: nothing is to be done, and nothing is wrong."""


class Invalid(ValueError):
    """The command itself makes no sense."""
