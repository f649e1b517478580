"""The tables: jobs, their pictures, made or taken out, what happened to them and who is told of it, whose turn it was,
who may ask, and what they keep here.

The migrations in `migrations/` make them; a change here wants a new file there, and HEAD to name it. Text that came
from outside is JSON with everything but ASCII escaped, so that no database stumbles over a NUL or half a character.
"""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

HEAD = "0004"

metadata = MetaData()

Id = String(40)
Big = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself only in an INTEGER

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),  # place in PRIORITIES
    Column("model", String(64), nullable=False),
    Column("door", String(32), nullable=False),
    Column("asked", Text, nullable=False),
    Column("recipes", Text, nullable=False),
    Column("warnings", Text, nullable=False),
    Column("idempotency_key", String(255)),
    Column("body_hash", String(64)),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),
    Column("wish", String(16)),  # cancel or pause: what the worker is to do at the next step
    Column("claimed_by", String(128)),
    Column("lease_until", Float),
    Column("token", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("ended", Float),
    Column("deadline", Float),
    Column("place", Float),  # among those that wait; blank: by when it was ordered
    Index("jobs_by_state", "state", "priority", "created"),
    Index("jobs_by_owner", "owner", "created"),
    Index("jobs_by_key", "owner", "idempotency_key", unique=True),
)

pictures = Table(
    "job_pictures",
    metadata,
    Column("job", Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("picture", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
)

dropped = Table(
    "job_dropped",
    metadata,
    Column("job", Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
)

events = Table(
    "job_events",
    metadata,
    Column("seq", Big, primary_key=True, autoincrement=True),
    Column("job", Id, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("at", Float, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("data", Text, nullable=False),
    Index("events_by_job", "job", "seq"),
    sqlite_autoincrement=True,  # a number is not given twice, even when rows are deleted
)

owners = Table(
    "owners",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("turn", Big, nullable=False),  # grows: the owner with the smallest waits longest
)

keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("most_queued", Integer),
    Column("created", Float, nullable=False),
    Column("revoked", Float),
)

switches = Table(
    "switches",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(64), nullable=False),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("job", Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),  # JSON: what is told
    Column("root", Text, nullable=False),  # where links into this server begin
    Column("seen", Big, nullable=False),  # the last event that was told, or need not be
    Column("sent", Float, nullable=False),  # when that happened of which output or logs were last told
    Column("attempts", Integer, nullable=False),
    Column("due", Float, nullable=False),
    Index("webhooks_by_due", "due"),
)

files = Table(
    "files",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("metadata", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Index("files_by_owner", "owner", "id"),
)

notes = Table(
    "notes",  # what is kept for a user, by name
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
