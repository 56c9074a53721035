-- What goes out and what came in: outbox, inbox, raw deliveries.

-- Ends a transaction that did not change as many rows as it meant to: somebody else was quicker.
create function must_equal(changed bigint, expected bigint) returns void language plpgsql immutable as $$
begin
    if changed <> expected then
        raise exception 'a row was changed by somebody else' using errcode = 'serialization_failure';
    end if;
end $$;

create table outbox_events (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid,
    seq bigint generated always as identity,
    topic text not null,
    type text not null,
    ordering_key text not null,
    shard smallint not null generated always as (hashtext(ordering_key) & 15) stored,
    envelope jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    published_at timestamptz,
    attempts integer not null default 0,
    last_error text,
    primary key (tenant_id, id)
);
create index outbox_events_waiting on outbox_events (shard, seq) where published_at is null;
create index on outbox_events (tenant_id, created_at);

create table outbox_tasks (
    id uuid not null,
    tenant_id uuid not null,
    seq bigint generated always as identity,
    queue text not null,
    task text not null,
    dedup_name text,
    body jsonb not null,
    run_at timestamptz,
    shard smallint not null generated always as (hashtext(id::text) & 15) stored,
    created_at timestamptz not null default clock_timestamp(),
    published_at timestamptz,
    attempts integer not null default 0,
    last_error text,
    primary key (tenant_id, id)
);
create index outbox_tasks_waiting on outbox_tasks (shard, seq) where published_at is null;
create index on outbox_tasks (tenant_id, created_at);

-- Which relay serves which shard of the outbox; belongs to no tenant.
create table relay_leases (
    shard smallint primary key check (shard between 0 and 15),
    holder text not null,
    expires_at timestamptz not null
);

-- The relays that live, so that they can share the shards evenly; belongs to no tenant.
create table relays (
    holder text primary key,
    expires_at timestamptz not null
);

create table inbox (
    tenant_id uuid not null,
    consumer text not null,
    event_id uuid not null,
    consumed_at timestamptz not null default now(),
    primary key (tenant_id, consumer, event_id)
);
create index on inbox (consumed_at);

-- Every provider delivery as it came; rows leave after thirty days.
create table inbound_deliveries (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    provider text not null,
    event text not null,
    delivery_key text not null,
    body bytea not null,
    status text not null check (status in ('kept', 'duplicate', 'unhandled', 'failed')),
    problem text,
    message_id uuid,
    contact_id uuid,
    times_received integer not null default 1,
    reprocessed_at timestamptz,
    received_at timestamptz not null default clock_timestamp(),
    last_received_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null default now() + interval '30 days',
    primary key (tenant_id, id),
    unique (tenant_id, channel_id, delivery_key),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id)
);
create index on inbound_deliveries (tenant_id, project_id, received_at, id);
create index on inbound_deliveries (expires_at);
