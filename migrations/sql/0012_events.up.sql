-- What follows upon messages, chats and people: edits, reactions, votes, roles, labels, calls, presence; and how two
-- contacts became one, so that it can be undone. A `stamp` is the provider's time spelled so that the later is the
-- greater: of two events about one thing the greater counts, in whatever order they come.

alter table messages
    add column edited_at timestamptz,
    add column edit_stamp text collate "C" not null default '',
    add column revoked_at timestamptz,
    -- Announced, and not to be read yet: the message itself fills it.
    add column is_placeholder boolean not null default false;

-- What a message said before it was edited.
create table message_revisions (
    tenant_id uuid not null,
    project_id uuid not null,
    message_id uuid not null,
    stamp text collate "C" not null,
    text text,
    said_at timestamptz not null,
    primary key (tenant_id, message_id, stamp),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, message_id) references messages (tenant_id, id)
);
create index on message_revisions (tenant_id, project_id);

-- What somebody says to a message by now: an emoji, the options of a poll, an answer to an invitation. Nobody named
-- is us; no value is an emoji taken back, or a vote that could not be read.
create table message_reactions (
    tenant_id uuid not null,
    project_id uuid not null,
    message_id uuid not null,
    kind text not null check (kind in ('emoji', 'vote', 'answer')),
    contact_id uuid,
    value jsonb,
    at timestamptz not null,
    stamp text collate "C" not null,
    unique nulls not distinct (tenant_id, message_id, kind, contact_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, message_id) references messages (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create index on message_reactions (tenant_id, contact_id);
create index on message_reactions (tenant_id, project_id);

-- Whatever came before the message or the chat it is about waits here for thirty days; `key` tells several of one
-- kind apart.
create table early_events (
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    external_id text not null,
    kind text not null check (kind in ('receipt', 'edit', 'revocation', 'emoji', 'vote', 'answer', 'archive', 'label')),
    contact_id uuid,
    key text collate "C" not null default '',
    value jsonb,
    at timestamptz not null,
    expires_at timestamptz not null default now() + interval '30 days',
    unique nulls not distinct (tenant_id, channel_id, external_id, kind, contact_id, key),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id)
);
create index on early_events (expires_at);
create index on early_events (tenant_id, contact_id);
create index on early_events (tenant_id, project_id);
alter table early_receipts no force row level security;
insert into early_events (tenant_id, project_id, channel_id, external_id, kind, contact_id, key, at, expires_at)
select tenant_id, project_id, channel_id, external_id, 'receipt', contact_id, level::text, at, expires_at
from early_receipts;
drop table early_receipts;

alter table chats
    add column description text not null default '',
    -- When we left the group.
    add column left_at timestamptz,
    -- Of what the provider last said of the chat, by what it said.
    add column stamps jsonb not null default '{}';

-- Somebody is in a group who was seen there after they last left, and not before the last full list of its members,
-- whose stamp the chat has: `stamps -> 'members'`.
alter table chat_participants
    add column role text not null default 'participant' check (role in ('participant', 'admin', 'superadmin')),
    add column role_stamp text collate "C" not null default '',
    add column seen_stamp text collate "C" not null default '0',
    add column left_stamp text collate "C" not null default '';

create table channel_labels (
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    label text not null,
    name text not null default '',
    color text,
    deleted_at timestamptz,
    stamp text collate "C" not null,
    primary key (tenant_id, channel_id, label),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id)
);
create index on channel_labels (tenant_id, project_id);

-- A label may be put on a chat before anybody says what it is called.
create table chat_labels (
    tenant_id uuid not null,
    project_id uuid not null,
    chat_id uuid not null,
    label text not null,
    is_on boolean not null,
    stamp text collate "C" not null,
    primary key (tenant_id, chat_id, label),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id)
);
create index on chat_labels (tenant_id, project_id);

-- Calls of people whom nobody here knows stay for thirty days.
create table calls (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    external_id text not null,
    contact_id uuid,
    caller_kind text,
    caller_value text,
    is_video boolean not null default false,
    is_group boolean not null default false,
    status text not null check (status in ('received', 'accepted', 'rejected')),
    received_at timestamptz,
    accepted_at timestamptz,
    rejected_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, channel_id, external_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create index on calls (tenant_id, contact_id);
create index on calls (tenant_id, project_id);
create index calls_of_strangers on calls (created_at) where contact_id is null;

-- How somebody was last seen, by what they are known by.
create table presences (
    tenant_id uuid not null,
    project_id uuid not null,
    kind text not null check (kind in ('phone', 'lid', 'email', 'external_id')),
    issuer text not null default '',
    value text not null,
    state text not null check (state in ('online', 'offline', 'typing', 'recording', 'paused')),
    last_seen_at timestamptz,
    at timestamptz not null,
    stamp text collate "C" not null,
    expires_at timestamptz not null default now() + interval '30 days',
    primary key (tenant_id, project_id, kind, issuer, value),
    foreign key (tenant_id, project_id) references projects (tenant_id, id)
);
create index on presences (expires_at);

-- Hidden ids whose phone nobody knows yet; `next_at` is null once nobody asks any more.
create table lid_lookups (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    contact_id uuid not null,
    lid text not null,
    attempts integer not null default 0,
    next_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, project_id, lid),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create index on lid_lookups (next_at) where next_at is not null;
create index on lid_lookups (tenant_id, channel_id);
create index on lid_lookups (tenant_id, contact_id);

-- Two contacts that became one: who lived on, who did not, and the rows as they were before.
create table contact_merges (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    contact_id uuid not null,
    merged_id uuid not null,
    before jsonb not null,
    merged_at timestamptz not null default clock_timestamp(),
    undone_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, merged_id) references contacts (tenant_id, id)
);
create index on contact_merges (tenant_id, contact_id);
create index on contact_merges (tenant_id, merged_id);
create index on contact_merges (tenant_id, project_id);

-- Each row that changed hands then: in which column, and whose it was.
create table contact_merge_moves (
    tenant_id uuid not null,
    project_id uuid not null,
    merge_id uuid not null,
    place text not null,
    row_id uuid not null,
    was uuid not null,
    primary key (tenant_id, merge_id, place, row_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, merge_id) references contact_merges (tenant_id, id)
);
create index on contact_merge_moves (tenant_id, project_id);
