"""What the audit of the database lets pass, each with its reason; whatever stands on no list is a breach."""

from dataclasses import dataclass

from infra.migrate import ROLES

OWNER = "ventros_owner"
APP = "ventros_app"
OURS = (OWNER, *ROLES)

LONGEST_DAYS = 30  # how long personal data may stay in a row that does not name its contact

_TENANT = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
_PROJECT = "(NULLIF(current_setting('app.project_id'::text, true), ''::text))::uuid"
_ANY_PROJECT = "(NULLIF(current_setting('app.project_id'::text, true), ''::text) IS NULL)"
# As Postgres writes them: whoever reads them otherwise, with an `or` too many, sees other tenants.
TENANT_RULES = (_TENANT, f"({_TENANT} AND ({_ANY_PROJECT} OR (project_id = {_PROJECT})))")

WITHOUT_TENANT = {
    "auth_attempts": "counts sign-ins by hashes, before any tenant is known",
    "relay_leases": "says which relay serves which shard of the outbox and holds nothing of a tenant",
    "relays": "names the relays that live, which serve all tenants",
    "schema_version": "is Alembic's own and says how far the schema is",
}

FULL = frozenset({"select", "insert", "update", "delete"})


@dataclass(frozen=True)
class Narrow:
    """The few commands the application may run on a table, and why not more."""

    commands: frozenset[str]
    reason: str


def narrow(commands: str, reason: str) -> Narrow:
    return Narrow(frozenset(commands.split()), reason)


_SUSPENDED = "is suspended or revoked, not deleted, so that what it did stays explained"
NARROW = {
    "tenants": narrow("select insert update", _SUSPENDED),
    "projects": narrow("select insert update", _SUSPENDED),
    "users": narrow("select insert update", _SUSPENDED),
    "api_keys": narrow("select insert update", _SUSPENDED),
    "login_sessions": narrow("select insert update", "is revoked, and stays until it has run out"),
    "external_identities": narrow("select insert delete", "a link stands or is taken away; nothing of it changes"),
    "message_words": narrow("select insert delete", "a word stands in a message or does not; nothing of it changes"),
    "logins": narrow("insert", "who may sign in is for the resolver alone to read"),
    "outbox_events": narrow("select insert", "what left a transaction is for the relay alone to mark"),
    "outbox_tasks": narrow("select insert", "what left a transaction is for the relay alone to mark"),
    "inbox": narrow("select insert", "what was consumed stays remembered until the sweeper forgets it"),
    "inbound_deliveries": narrow("select insert update", "what came in is never lost before its time"),
    "idempotency_keys": narrow("select insert update", "an answer stays known until the sweeper forgets it"),
    "allowed_origins": narrow("select", "whose pages may call the API is for the operator alone to say"),
    "dead_letters": narrow("select insert update", "what failed stays explained until the sweeper forgets it"),
    "rate_limits": narrow("select", "how often a tenant may call is for the operator alone to say"),
}


@dataclass(frozen=True)
class Admission:
    """One command on one table that a role may run over all tenants; `columns` empty means all of them."""

    role: str
    table: str
    command: str
    reason: str
    columns: frozenset[str] = frozenset()


def admission(role: str, table: str, command: str, reason: str, columns: str = "") -> Admission:
    return Admission(f"ventros_{role}", table, command, reason, frozenset(columns.split()))


_DUE = "finds by their ids what a lost timer left; the tenant's own function does the work"
_PUBLISHES = "publishes every tenant's events and tasks and marks them so"
_FORGETS = "removes what has expired, of every tenant"
_COUNTS = "counts over all tenants, and tells nothing of one"
_MARKS = "published_at attempts last_error"
ADMITTED = (
    admission("resolver", "logins", "select", "finds the tenants an e-mail may sign in to, before one is known"),
    admission(
        "resolver",
        "external_identities",
        "select",
        "finds whom an outside issuer means, before a tenant is known",
    ),
    admission(
        "resolver", "allowed_origins", "select", "answers a browser, which asks before it sends a credential", "origin"
    ),
    *(
        admission("observer", table, "select", _COUNTS, columns)
        for table, columns in (
            ("outbox_events", "tenant_id type envelope created_at published_at"),
            ("outbox_tasks", "created_at published_at run_at"),
            ("dead_letters", "kind function status failed_at"),
            ("sessions", "status"),
            ("message_groups", "tenant_id id status outcome deadline_at closed_at"),
            ("messages", "tenant_id id answers_group_id"),
            ("ai_runs", "tenant_id id responder model"),
            ("channels", "status connection"),
            ("relays", "expires_at"),
            ("channel_health", "timelocked silent_since"),
            ("inbound_deliveries", "status event expires_at"),
        )
    ),
    admission("relay", "login_sessions", "select", _FORGETS, "tenant_id expires_at"),
    admission("relay", "login_sessions", "delete", _FORGETS),
    admission(
        "relay",
        "message_groups",
        "select",
        _DUE,
        "tenant_id id status outcome generation deadline_at closed_at updated_at",
    ),
    admission("relay", "messages", "select", _DUE, "tenant_id id status claimed_at updated_at not_before"),
    admission("relay", "scheduled_messages", "select", _DUE, "tenant_id id status send_at"),
    admission("relay", "sessions", "select", _DUE, "tenant_id id status last_message_at timeout_minutes"),
    *(
        each
        for table in ("early_events", "presences", "number_checks")
        for each in (
            admission("relay", table, "select", _FORGETS, "tenant_id expires_at"),
            admission("relay", table, "delete", _FORGETS),
        )
    ),
    admission("relay", "calls", "select", "removes those of strangers", "tenant_id contact_id created_at"),
    admission("relay", "calls", "delete", "removes those of strangers"),
    admission("relay", "lid_lookups", "select", _DUE, "tenant_id id next_at"),
    admission("relay", "message_actions", "select", _DUE, "tenant_id id status requested_at claimed_at"),
    admission("relay", "chat_actions", "select", _DUE, "tenant_id id status requested_at claimed_at"),
    admission(
        "relay",
        "media_files",
        "select",
        _DUE,
        "tenant_id id project_id priority status due_at created_at expires_at",
    ),
    admission("relay", "media_objects", "select", _DUE, "tenant_id sha256 status removing_since"),
    admission(
        "relay", "projects", "select", "tells how long a project keeps its files", "tenant_id id media_kept_days"
    ),
    admission("relay", "inbound_deliveries", "select", _FORGETS, "tenant_id expires_at"),
    admission("relay", "inbound_deliveries", "delete", _FORGETS),
    admission("relay", "idempotency_keys", "select", _FORGETS, "expires_at"),
    admission("relay", "idempotency_keys", "delete", _FORGETS),
    admission("relay", "dead_letters", "select", _FORGETS, "expires_at"),
    admission("relay", "dead_letters", "delete", _FORGETS),
    admission("relay", "history_runs", "select", _DUE, "tenant_id id status updated_at resumes_at"),
    admission("relay", "channels", "select", _DUE, "tenant_id id type status"),
    admission("relay", "channel_health", "select", _DUE, "tenant_id id checked_at"),
    admission("relay", "history_chats", "select", _FORGETS, "tenant_id expires_at"),
    admission("relay", "history_chats", "delete", _FORGETS),
    admission("relay", "auth_attempts", "select", _FORGETS, "at"),
    admission("relay", "auth_attempts", "delete", _FORGETS),
    admission("relay", "inbox", "select", _FORGETS, "consumed_at"),
    admission("relay", "inbox", "delete", _FORGETS),
    admission("relay", "outbox_events", "select", _PUBLISHES),
    admission("relay", "outbox_events", "update", _PUBLISHES, _MARKS),
    admission("relay", "outbox_events", "delete", "removes what was published long ago"),
    admission("relay", "outbox_tasks", "delete", "removes what was published long ago"),
    admission("relay", "outbox_tasks", "select", _PUBLISHES),
    admission("relay", "outbox_tasks", "update", _PUBLISHES, _MARKS),
    admission("relay", "outbox_tasks", "insert", "schedules what it found due"),
    *(
        admission("relay", table, command, "relays share the shards among them")
        for table in ("relay_leases", "relays")
        for command in sorted(FULL)
    ),
    *(
        admission("owner", "rate_limits", command, "is how an operator sets a tenant's rates")
        for command in sorted(FULL)
    ),
    *(
        admission("owner", "allowed_origins", command, "is how an operator keeps a tenant's list")
        for command in ("select", "insert", "delete")
    ),
    *(
        admission("app", "auth_attempts", command, "counts sign-ins while the store is away")
        for command in ("select", "insert", "delete")
    ),
    admission("app", "schema_version", "select", "tells whoever asks for health how far the schema is"),
)


@dataclass(frozen=True)
class Judged:
    """The columns of a table that were looked at, and why its rows need name no contact."""

    columns: frozenset[str]
    reason: str


def judged(columns: str, reason: str) -> Judged:
    return Judged(frozenset(columns.split()), reason)


_ITS_PERSON = "is the person: it goes when they are erased"
_IDS_ONLY = "holds names of our own making, ids, and facts about change"
_OPERATED = "describes the tenant's own set-up, and no contact"
WITHOUT_CONTACT = {
    "tenants": judged("name", _OPERATED),
    "projects": judged("name timezone", _OPERATED),
    "users": judged("email name password_hash", _ITS_PERSON),
    "logins": judged("email", "goes with its user"),
    "api_keys": judged("name secret_hash hint scopes", "is named by the user it belongs to"),
    "login_sessions": judged("family_hash secret_hash", "goes with its user"),
    "external_identities": judged("issuer subject", "goes with its user"),
    "agents": judged("name config", _OPERATED),
    "channels": judged(
        "name base_url session_name token_hash token_sealed api_key_sealed hmac_key_sealed connection phone pace",
        _OPERATED,
    ),
    "history_runs": judged(
        "kind cause status own_addresses failure_code failure_reason totals", "names the tenant's own number alone"
    ),
    "channel_health": judged("problem", _OPERATED),
    "contacts": judged("name name_folded", _ITS_PERSON),
    "chat_addresses": judged("address", "its chat names the contact"),
    "channel_labels": judged("label name color stamp", _OPERATED),
    "chat_labels": judged("label stamp", "its chat names the contact"),
    "message_revisions": judged("text stamp", "its message names the contact"),
    "contact_merge_moves": judged("place", _IDS_ONLY),
    "message_words": judged("word", "is written and removed with its message, which names the contact"),
    "outbox_events": judged("topic type ordering_key envelope traceparent last_error", _IDS_ONLY),
    "outbox_tasks": judged("queue task dedup_name body traceparent last_error", _IDS_ONLY),
    "media_objects": judged("sha256", "holds hashes of contents; the files that have them name the contact"),
    "inbox": judged("consumer", _IDS_ONLY),
    "dead_letters": judged(
        "kind function type destination ordering_key body correlation_id status reason places", _IDS_ONLY
    ),
    "rate_limits": judged("limit_group scope", _OPERATED),
    "allowed_origins": judged("origin", _OPERATED),
    "auth_attempts": judged("key_hash", "holds hashes, for minutes"),
    "relay_leases": judged("holder", _IDS_ONLY),
    "relays": judged("holder", _IDS_ONLY),
    "schema_version": judged("version_num", _IDS_ONLY),
}
