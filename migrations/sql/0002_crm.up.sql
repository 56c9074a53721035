-- The conversation: channels, contacts, chats, sessions, messages and what is made of them.

create table agents (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    name text not null check (char_length(name) between 1 and 200),
    kind text not null check (kind in ('human', 'bot', 'system')),
    user_id uuid,
    responder text check (responder in ('rules', 'gemini')),
    config jsonb not null default '{}',
    status text not null default 'active' check (status in ('active', 'inactive')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id),
    check ((kind = 'human') = (user_id is not null)),
    check ((kind = 'bot') = (responder is not null))
);
create index on agents (tenant_id, project_id);
create index on agents (tenant_id, user_id);
create unique index agents_one_per_user on agents (tenant_id, project_id, user_id) where user_id is not null;

create table channels (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    type text not null check (type in ('waha')),
    name text not null check (char_length(name) between 1 and 200),
    base_url text not null,
    session_name text not null,
    engine text not null check (engine in ('WEBJS', 'WPP', 'NOWEB', 'GOWS')),
    token_hash text not null,
    token_sealed text not null,
    api_key_sealed text not null,
    hmac_key_sealed text not null,
    status text not null default 'active' check (status in ('active', 'inactive')),
    connection text not null default 'unknown',
    connection_at timestamptz,
    phone text,
    debounce_timeout_ms integer not null default 15000 check (debounce_timeout_ms between 0 and 300000),
    debounce_max_wait_ms integer not null default 60000 check (debounce_max_wait_ms between 0 and 3600000),
    replies_in_groups boolean not null default false,
    default_agent_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, token_hash),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, default_agent_id) references agents (tenant_id, id)
);
create index on channels (tenant_id, project_id);
create index on channels (tenant_id, default_agent_id);

create table contacts (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    name text not null default '',
    source text not null check (source in ('message', 'api', 'import')),
    merged_into_id uuid,
    deleted_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, merged_into_id) references contacts (tenant_id, id)
);
create index on contacts (tenant_id, project_id, created_at, id);
create index on contacts (tenant_id, merged_into_id);

create table contact_identities (
    tenant_id uuid not null,
    project_id uuid not null,
    kind text not null check (kind in ('phone', 'lid', 'email', 'external_id')),
    issuer text not null default '',
    value text not null,
    contact_id uuid not null,
    is_variant boolean not null default false,
    created_at timestamptz not null default now(),
    primary key (tenant_id, project_id, kind, issuer, value),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create index on contact_identities (tenant_id, contact_id);

create table chats (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    kind text not null check (kind in ('individual', 'group', 'status', 'newsletter')),
    contact_id uuid,
    subject text not null default '',
    status text not null default 'active' check (status in ('active', 'archived', 'closed', 'merged')),
    merged_into_id uuid,
    last_message_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, merged_into_id) references chats (tenant_id, id),
    check ((kind = 'individual') = (contact_id is not null))
);
create unique index chats_one_per_contact on chats (tenant_id, channel_id, contact_id) where status <> 'merged';
create index chats_by_activity on chats (tenant_id, project_id, coalesce(last_message_at, created_at), id);
create index on chats (tenant_id, channel_id);
create index on chats (tenant_id, contact_id);
create index on chats (tenant_id, merged_into_id);

create table chat_addresses (
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    address text not null,
    chat_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, channel_id, address),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id)
);
create index on chat_addresses (tenant_id, chat_id);
create index on chat_addresses (tenant_id, project_id);

create table chat_participants (
    tenant_id uuid not null,
    project_id uuid not null,
    chat_id uuid not null,
    contact_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, chat_id, contact_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create index on chat_participants (tenant_id, contact_id);
create index on chat_participants (tenant_id, project_id);

create table sessions (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    chat_id uuid not null,
    contact_id uuid,
    status text not null check (status in ('open', 'closed', 'merged')),
    timeout_minutes integer not null,
    started_at timestamptz not null,
    last_message_at timestamptz not null,
    ended_at timestamptz,
    close_reason text check (close_reason in ('timeout', 'manual')),
    merged_into_id uuid,
    held_by text not null default 'bot' check (held_by in ('bot', 'human')),
    held_since timestamptz,
    agent_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, agent_id) references agents (tenant_id, id),
    foreign key (tenant_id, merged_into_id) references sessions (tenant_id, id),
    check ((status = 'open') = (ended_at is null and merged_into_id is null)),
    check (last_message_at >= started_at)
);
create unique index sessions_one_open_per_chat on sessions (tenant_id, chat_id) where status = 'open';
create index on sessions (tenant_id, chat_id, last_message_at);
create index on sessions (tenant_id, project_id, started_at, id);
create index on sessions (tenant_id, contact_id, started_at);
create index on sessions (tenant_id, channel_id);
create index on sessions (tenant_id, agent_id);
create index on sessions (tenant_id, merged_into_id);

create table message_groups (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    chat_id uuid not null,
    contact_id uuid,
    session_id uuid,
    status text not null check (status in ('pending', 'processing', 'completed', 'failed')),
    outcome text check (outcome in ('replied', 'superseded', 'taken_over', 'no_agent', 'failed')),
    outcome_reason text,
    generation integer not null default 0,
    opened_at timestamptz not null,
    deadline_at timestamptz not null,
    latest_deadline_at timestamptz not null,
    closed_at timestamptz,
    superseded_by_id uuid,
    text text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, session_id) references sessions (tenant_id, id),
    -- The newer one may be written after it.
    foreign key (tenant_id, superseded_by_id) references message_groups (tenant_id, id) deferrable initially deferred
);
create unique index message_groups_one_pending_per_chat on message_groups (tenant_id, chat_id) where status = 'pending';
create index on message_groups (tenant_id, chat_id, opened_at);
create index on message_groups (tenant_id, project_id);
create index on message_groups (tenant_id, channel_id);
create index on message_groups (tenant_id, session_id);
create index on message_groups (tenant_id, superseded_by_id);
create index on message_groups (tenant_id, contact_id);
create index message_groups_unfinished on message_groups (deadline_at) where status in ('pending', 'processing') or outcome is null;

create table messages (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    chat_id uuid not null,
    session_id uuid,
    message_group_id uuid,
    contact_id uuid,
    direction text not null check (direction in ('inbound', 'outbound')),
    sender_kind text not null check (sender_kind in ('contact', 'user', 'phone', 'bot', 'system', 'import')),
    sender_contact_id uuid,
    agent_id uuid,
    answers_group_id uuid,
    external_id text,
    provider_id text,
    type text not null,
    status text not null check (status in ('received', 'queued', 'sending', 'sent', 'delivered', 'read', 'played', 'failed', 'cancelled', 'unknown')),
    text text,
    media jsonb,
    location jsonb,
    cards jsonb,
    quoted_external_id text,
    quoted_message_id uuid,
    sent_at timestamptz not null,
    claimed_at timestamptz,
    unknown_since timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    played_at timestamptz,
    failure_code text,
    failure_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, channel_id, external_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, session_id) references sessions (tenant_id, id),
    foreign key (tenant_id, message_group_id) references message_groups (tenant_id, id),
    foreign key (tenant_id, answers_group_id) references message_groups (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, sender_contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, agent_id) references agents (tenant_id, id),
    foreign key (tenant_id, quoted_message_id) references messages (tenant_id, id)
);
create index on messages (tenant_id, chat_id, sent_at, id);
create index on messages (tenant_id, session_id, sent_at);
create index on messages (tenant_id, contact_id, sent_at);
create index on messages (tenant_id, sender_contact_id);
create index on messages (tenant_id, message_group_id);
create unique index messages_one_answer_per_group on messages (tenant_id, answers_group_id) where answers_group_id is not null;
create index on messages (tenant_id, project_id, sent_at, id);
create index on messages (tenant_id, agent_id);
create index on messages (tenant_id, channel_id, quoted_external_id) where quoted_external_id is not null;
create index on messages (tenant_id, quoted_message_id);
create index messages_unsettled on messages (claimed_at) where status in ('sending', 'unknown');

create table message_receipts (
    tenant_id uuid not null,
    project_id uuid not null,
    message_id uuid not null,
    contact_id uuid not null,
    level smallint not null check (level between 1 and 4),
    at timestamptz not null,
    primary key (tenant_id, message_id, contact_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, message_id) references messages (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create index on message_receipts (tenant_id, contact_id);
create index on message_receipts (tenant_id, project_id);

-- Receipts that came before their message wait here for seven days.
create table early_receipts (
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    external_id text not null,
    level smallint not null check (level between -1 and 4),
    contact_id uuid,
    at timestamptz not null,
    expires_at timestamptz not null default now() + interval '7 days',
    unique nulls not distinct (tenant_id, channel_id, external_id, level, contact_id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id)
);
create index on early_receipts (expires_at);
create index on early_receipts (tenant_id, contact_id);
create index on early_receipts (tenant_id, project_id);

create table contact_events (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    contact_id uuid not null,
    type text not null,
    data jsonb not null default '{}',
    occurred_at timestamptz not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create index on contact_events (tenant_id, contact_id, occurred_at, id);
create index on contact_events (tenant_id, project_id);

create table ai_runs (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    message_group_id uuid not null,
    chat_id uuid not null,
    contact_id uuid,
    session_id uuid,
    agent_id uuid,
    status text not null check (status in ('running', 'completed', 'failed')),
    responder text not null,
    model text,
    reply_message_id uuid,
    hands_over boolean not null default false,
    input_tokens integer,
    output_tokens integer,
    error text,
    started_at timestamptz not null,
    finished_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, message_group_id) references message_groups (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, session_id) references sessions (tenant_id, id),
    foreign key (tenant_id, agent_id) references agents (tenant_id, id),
    foreign key (tenant_id, reply_message_id) references messages (tenant_id, id)
);
create unique index ai_runs_one_per_group on ai_runs (tenant_id, message_group_id);
create index on ai_runs (tenant_id, project_id, started_at);
create index on ai_runs (tenant_id, chat_id);
create index on ai_runs (tenant_id, contact_id);
create index on ai_runs (tenant_id, session_id);
create index on ai_runs (tenant_id, agent_id);
create index on ai_runs (tenant_id, reply_message_id);
