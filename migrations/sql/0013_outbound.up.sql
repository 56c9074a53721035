-- Everything that can be sent and done: polls, menus, what is passed on, changed, scheduled; and how fast a number sends.

alter table messages
    add column poll jsonb,
    add column menu jsonb,
    add column manner jsonb,
    add column forwarded_from_id uuid,
    -- Its number does not send it before then; whether that is its turn, or it has yet to get one.
    add column not_before timestamptz,
    add column has_turn boolean not null default false,
    add foreign key (tenant_id, forwarded_from_id) references messages (tenant_id, id);
create index on messages (tenant_id, forwarded_from_id) where forwarded_from_id is not null;

-- What somebody asked the provider to do to a message: to change it, take it back, react to it.
create table message_actions (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    chat_id uuid not null,
    contact_id uuid,
    message_id uuid not null,
    kind text not null check (kind in ('edit', 'recall', 'reaction')),
    value text,
    status text not null check (status in ('queued', 'sending', 'done', 'failed', 'superseded')),
    requested_by uuid not null,
    requested_at timestamptz not null,
    claimed_at timestamptz,
    failure_code text,
    failure_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, message_id) references messages (tenant_id, id),
    foreign key (tenant_id, requested_by) references users (tenant_id, id)
);
create index on message_actions (tenant_id, message_id, requested_at, id);
create index message_actions_open on message_actions (tenant_id, message_id) where status in ('queued', 'sending', 'failed');
create index on message_actions (tenant_id, project_id);
create index on message_actions (tenant_id, channel_id);
create index on message_actions (tenant_id, chat_id);
create index on message_actions (tenant_id, contact_id);
create index on message_actions (tenant_id, requested_by);

-- What is to be sent later. It becomes a message of the same id when its time has come.
create table scheduled_messages (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    chat_id uuid not null,
    contact_id uuid,
    agent_id uuid not null,
    draft jsonb not null,
    quoted_message_id uuid,
    send_at timestamptz not null,
    status text not null check (status in ('scheduled', 'sent', 'cancelled', 'failed')),
    failure_code text,
    failure_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, agent_id) references agents (tenant_id, id),
    foreign key (tenant_id, quoted_message_id) references messages (tenant_id, id)
);
create index on scheduled_messages (tenant_id, project_id, send_at, id);
create index on scheduled_messages (tenant_id, channel_id);
create index on scheduled_messages (tenant_id, chat_id);
create index on scheduled_messages (tenant_id, contact_id);
create index on scheduled_messages (tenant_id, agent_id);
create index on scheduled_messages (tenant_id, quoted_message_id);
create index scheduled_messages_due on scheduled_messages (send_at) where status = 'scheduled';

-- How fast a number may send; null: as fast as it can.
alter table channels add column pace jsonb;

-- How far a number's pace is used up. One row is one number, so who takes a turn waits for who took the one before.
create table send_paces (
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    -- When the next message would go at an even pace.
    next_at timestamptz not null,
    opened_on date not null,
    opened integer not null default 0,
    -- Messages wait, up to then at least.
    throttled_until timestamptz,
    primary key (tenant_id, channel_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id)
);
create index on send_paces (tenant_id, project_id);
