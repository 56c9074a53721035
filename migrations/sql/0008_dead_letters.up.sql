-- Events and tasks that a function could not take. They leave before the inbox forgets what was consumed.
create table dead_letters (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid,
    kind text not null check (kind in ('event', 'task')),
    function text not null,
    message_id uuid not null,
    type text not null,
    destination text not null,
    ordering_key text not null,
    body jsonb not null,
    correlation_id text not null,
    status text not null default 'waiting' check (status in ('waiting', 'requeued')),
    attempts integer not null,
    reason text not null,
    places jsonb not null,
    times_requeued integer not null default 0,
    requeued_at timestamptz,
    requeued_by uuid,
    first_failed_at timestamptz not null default clock_timestamp(),
    failed_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null default now() + interval '21 days',
    primary key (tenant_id, id),
    unique (tenant_id, function, message_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, requeued_by) references users (tenant_id, id)
);
create index on dead_letters (tenant_id, failed_at, id);
create index on dead_letters (tenant_id, project_id);
create index on dead_letters (tenant_id, requeued_by);
create index on dead_letters (expires_at);

-- What has been published leaves by its age, of all tenants at once.
drop index outbox_events_tenant_id_created_at_idx;
drop index outbox_tasks_tenant_id_created_at_idx;
create index on outbox_events (created_at);
create index on outbox_tasks (created_at);
