-- Chats are noted about, and changed at the provider: put away, called otherwise, given labels and members.

alter table chats add column metadata jsonb not null default '{}';

-- What somebody asked the provider to do to a chat; `contact_id` is whom it is about.
create table chat_actions (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    chat_id uuid not null,
    contact_id uuid,
    kind text not null check (kind in (
        'archive', 'unarchive', 'subject', 'description', 'labels', 'add', 'remove', 'promote', 'demote')),
    text text,
    labels jsonb,
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
    foreign key (tenant_id, requested_by) references users (tenant_id, id)
);
create index on chat_actions (tenant_id, chat_id, requested_at, id);
create index chat_actions_open on chat_actions (tenant_id, chat_id) where status in ('queued', 'sending', 'failed');
create index chat_actions_undone on chat_actions (requested_at) where status in ('queued', 'sending');
create index on chat_actions (tenant_id, project_id);
create index on chat_actions (tenant_id, channel_id);
create index on chat_actions (tenant_id, contact_id);
create index on chat_actions (tenant_id, requested_by);

create policy ventros_relay_select on chat_actions for select to ventros_relay using (status in ('queued', 'sending'));
grant select (tenant_id, id, status, requested_at, claimed_at) on chat_actions to ventros_relay;
