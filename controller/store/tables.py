"""The tables of the loop. Rows are never deleted; what was true at event number N can be read for ever."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Index, LargeBinary, MetaData, TypeDecorator
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC in the database: the one form that SQLite and PostgreSQL keep alike."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Table(SQLModel):
    """Base of all tables, with a metadata of its own."""

    metadata = MetaData(naming_convention=NAMING)


def moment(**options: Any) -> Any:
    """A point in time, in UTC."""
    return Field(sa_type=UtcDateTime, **options)


def plain(default: Any = None) -> Any:
    """Plain JSON data. Assign a new value to change it; edits in place are not seen."""
    factory = default if callable(default) else (lambda: default)
    return Field(default_factory=factory, sa_type=JSON)


class Epoch(Table, table=True):
    """One row: which holder of the lock may write, and in which database on a server (`home_of`) it began."""

    id: int = Field(default=1, primary_key=True)
    number: int = Field(sa_type=BigInteger)  # after a restore it goes on from the seconds since 1970
    holder: str
    taken_at: datetime = moment()
    home: str | None = None


class Event(Table, table=True):
    """One row of the append-only, hash-chained audit trail; `rows` is the digest of every row made or changed."""

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = moment()
    kind: str = Field(index=True)
    campaign_id: str | None = Field(default=None, index=True)
    subject: str | None = None
    actor: str | None = None
    data: dict[str, Any] = plain(dict)
    rows: dict[str, str] = plain(dict)  # "table/key" -> SHA-256
    previous: str
    hash: str


class Outbox(Table, table=True):
    """Something to be done outside the database, exactly because the transaction that wants it was committed."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    campaign_id: str | None = None
    payload: dict[str, Any] = plain(dict)
    done_at: datetime | None = moment(default=None, index=True)


class Campaign(Table, table=True):
    """A campaign and its counters, so that a decision never reads history."""

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    state: str = Field(index=True)
    reason: str | None = None
    version: int = 1
    priority: int = 0
    seed: int = Field(sa_type=BigInteger)
    simulated: bool = True
    made_by: str
    started_at: datetime = moment()
    ended_at: datetime | None = moment(default=None)
    iterating: bool = False  # a strategy is being asked
    iterations: int = 0
    proposals: int = 0
    experiments: int = 0
    cost: float = 0.0
    exhausted: bool = False
    progress: dict[str, Any] = plain(dict)
    failures: dict[str, dict[str, int]] = plain(dict)
    paused_steps: list[str] = plain(list)
    # The moment of a restore, in seconds: attempts are numbered from here, above all that were made since the backup.
    attempts_from: int | None = Field(default=None, sa_type=BigInteger)


class SpecVersion(Table, table=True):
    """The campaign file as submitted or amended; `event` is when it became valid."""

    campaign_id: str = Field(primary_key=True, foreign_key="campaign.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    text: str
    document: dict[str, Any] = plain(dict)
    digest: str
    event: int


class Iteration(Table, table=True):
    """One act of proposing; `digest` is that of the request as of `event`."""

    id: str = Field(primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    number: int
    state: str
    n: int
    seed: int = Field(sa_type=BigInteger)
    event: int
    digest: str | None = None
    versions: dict[str, Any] = plain(dict)
    report: dict[str, Any] = plain(dict)
    seconds: float | None = None
    error: str | None = None


class Proposal(Table, table=True):
    """A candidate put forward for a stage. `digest` covers what an operator is shown."""

    __table_args__ = (Index("ix_proposal_open", "campaign_id", "state", "promotion"),)

    id: str = Field(primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id")
    iteration_id: str | None = Field(default=None, foreign_key="iteration.id", index=True)
    number: int
    place: int = 0  # within its iteration
    stage: str
    state: str = Field(index=True)
    key: str = Field(index=True)
    candidate: dict[str, Any] = plain(dict)
    replicate: int = 1
    parents: list[str] = plain(list)
    prediction: dict[str, Any] = plain(dict)
    acquisition: float | None = None
    reason: str
    memory: dict[str, Any] = plain(dict)
    facts: dict[str, float] = plain(dict)
    needs_two_people: bool = False
    digest: str
    made_by: str
    rule: str | None = None
    deadline: datetime | None = moment(default=None)
    made_event: int
    ended_event: int | None = None
    failure: str | None = None
    cleared_event: int | None = None
    promotion: str | None = None  # promoted, dismissed, or last: the stage is the last one


class ApprovalDecision(Table, table=True):
    """What one person decided about what was shown to them."""

    id: str = Field(primary_key=True)
    proposal_id: str = Field(foreign_key="proposal.id", index=True)
    user: str
    verdict: str
    digest: str
    why: str | None = None
    at: datetime = moment()


class Job(Table, table=True):
    """One step of an approved proposal."""

    id: str = Field(primary_key=True)
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    proposal_id: str = Field(foreign_key="proposal.id", index=True)
    step: int
    name: str
    state: str
    tries: int = 0
    attempt_id: str | None = None  # of the last try
    spent: int = 0  # tries that used up a retry
    not_before: datetime | None = moment(default=None)
    failure: str | None = None


class Attempt(Table, table=True):
    """One try of a job: what was asked, of which resource, and how it ended."""

    __table_args__ = (Index("ix_attempt_busy", "resource", "state"),)

    id: str = Field(primary_key=True)
    job_id: str = Field(foreign_key="job.id", index=True)
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    proposal_id: str = Field(foreign_key="proposal.id", index=True)
    adapter: str
    resource: str
    state: str = Field(index=True)
    request: dict[str, Any] = plain(dict)
    digest: str
    journal_id: str | None = None  # of the instrument that it was made for
    made_at: datetime = moment()
    start_before: datetime = moment()
    deadline: datetime = moment()
    said_boot: str | None = None  # boot and number of the last status taken, to leave out what comes late
    said_seq: int = Field(default=-1, sa_type=BigInteger)
    asked_at: datetime | None = moment(default=None)
    cancel_asked: bool = False
    unknown: str | None = None
    doubt: str | None = None
    quarantined: int = 0
    outcome: str | None = None
    failure: str | None = None
    reason: str | None = None
    result_digest: str | None = None
    result: dict[str, Any] | None = plain()  # the whole message, with its files and times
    repeat: bool = False
    final: bool = False
    late: bool = False
    ended_at: datetime | None = moment(default=None)


class Sample(Table, table=True):
    """The physical thing that an attempt made."""

    id: str = Field(primary_key=True)  # the attempt that made it
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    name: str  # what the instrument calls it
    parents: list[str] = plain(list)
    place: str
    state: str
    simulated: bool = False


class Measurement(Table, table=True):
    """One property value in the unit of the spec. A correction is a new row."""

    id: str = Field(primary_key=True)  # attempt/channel/place[/correction]
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    proposal_id: str | None = Field(default=None, foreign_key="proposal.id", index=True)
    attempt_id: str | None = Field(default=None, foreign_key="attempt.id", index=True)
    channel: str
    place: int
    property: str
    value: float
    unit: str
    standard_error: float | None = None
    status: str = "ok"
    origin: str = "instrument"  # instrument, analysis, operator, person, imported
    made_from: dict[str, Any] | None = plain()  # of an analysis: function, version, options, output, sha256 of the file
    simulated: bool = False
    late: bool = False
    event: int = Field(index=True)
    replaced_event: int | None = None


class Artifact(Table, table=True):
    """An immutable result or trained model that is not a number."""

    id: str = Field(primary_key=True)
    campaign_id: str | None = Field(default=None, foreign_key="campaign.id", index=True)
    attempt_id: str | None = Field(default=None, foreign_key="attempt.id")
    kind: str
    sha256: str = Field(index=True)
    made_from: dict[str, Any] = plain(dict)
    event: int


class StoredFile(Table, table=True):
    """A big thing in the data directory, named by its SHA-256."""

    sha256: str = Field(primary_key=True)
    size: int
    name: str
    media_type: str


class Quarantine(Table, table=True):
    """A message that was refused, with the reason; nothing of it took effect."""

    __table_args__ = (Index("ix_quarantine_lately", "instrument", "at"), Index("ix_quarantine_settled", "settled_at"))

    id: str = Field(primary_key=True)
    at: datetime = moment()
    topic: str
    instrument: str | None = None
    attempt_id: str | None = None
    reason: str
    digest: str
    payload: bytes = Field(sa_type=LargeBinary)
    size: int
    settled_at: datetime | None = moment(default=None)  # an operator has accepted it, corrected, or discarded it
    settled_by: str | None = None
    settled_how: str | None = None
    settled_why: str | None = None


class Orphan(Table, table=True):
    """A well-formed result whose attempt this database does not know."""

    __table_args__ = (Index("ix_orphan_lately", "instrument", "at"),)

    id: str = Field(primary_key=True)
    at: datetime = moment()
    instrument: str
    attempt_id: str = Field(index=True)
    digest: str = Field(index=True)
    payload: dict[str, Any] = plain(dict)


class Instrument(Table, table=True):
    """An enrolled instrument: what it says of itself, and what operators want of it."""

    name: str = Field(primary_key=True)
    state: str = "unseen"
    simulated: bool
    boot_id: str | None = None
    earlier_boots: list[str] = plain(list)  # the last ones; what they said comes too late
    journal_id: str | None = None
    seq: int = Field(default=0, sa_type=BigInteger)  # PostgreSQL keeps nothing above 2**31 in an INTEGER
    said_at: datetime | None = moment(default=None)
    description: dict[str, Any] = plain(dict)
    description_digest: str | None = None
    accepted_digest: str | None = None
    wanted_paused: bool = False
    wanted_number: int = Field(default=0, sa_type=BigInteger)
    armed_by: str | None = None
    armed_until: datetime | None = moment(default=None)
    password_hash: str


class EStop(Table, table=True):
    """An emergency stop; it holds until an operator resets it."""

    id: str = Field(primary_key=True)
    instrument: str | None = None  # None: all
    by: str
    reason: str
    at: datetime = moment()
    reset_by: str | None = None
    reset_reason: str | None = None
    reset_at: datetime | None = moment(default=None)


class User(Table, table=True):
    """A person. `role` is viewer, operator or admin. Without a password they sign in with a code or a token."""

    name: str = Field(primary_key=True)
    role: str
    disabled: bool = False
    password_hash: str | None = None  # argon2id


class Token(Table, table=True):
    """A bearer token of a user, kept as its SHA-256 only."""

    sha256: str = Field(primary_key=True)
    user: str = Field(foreign_key="user.name", index=True)
    label: str
    made_at: datetime = moment()
    revoked_at: datetime | None = moment(default=None)


class SignInCode(Table, table=True):
    """A code with which a user may sign in to the console once, kept as its SHA-256 only."""

    sha256: str = Field(primary_key=True)
    user: str = Field(foreign_key="user.name", index=True)
    made_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(default=None)


class SignIn(Table, table=True):
    """One person in one browser, from signing in to signing out; the cookie's secret is kept as its SHA-256 only."""

    sha256: str = Field(primary_key=True)
    user: str = Field(foreign_key="user.name", index=True)
    how: str  # password, code or token
    token: str | None = None  # whose end is the end of this
    made_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment(default=None)


class Alert(Table, table=True):
    """What people were told of one cause, from when it was seen until it was gone; `key` names the cause."""

    id: str = Field(primary_key=True)
    key: str = Field(index=True)
    rule: str
    subject: str
    text: str  # as it was last told
    since: datetime | None = moment(default=None)
    seen_at: datetime = moment()
    times_sent: int = 0
    sent_at: datetime | None = moment(default=None)
    gone_at: datetime | None = moment(default=None)
    ended_at: datetime | None = moment(default=None, index=True)


# Checked at the commit, so that rows of one unit may be sent in any order and in few statements.
for _table in Table.metadata.tables.values():
    for _constraint in _table.foreign_key_constraints:
        _constraint.deferrable, _constraint.initially = True, "DEFERRED"
