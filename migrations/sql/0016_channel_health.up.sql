-- How a channel does: what its provider said when it was last asked, what WhatsApp keeps it from, and since when it is
-- silent. One row a channel, beside it and not in it, for it is written by the clock and not by people.
create table channel_health (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    checked_at timestamptz,
    problem text,
    timelocked boolean not null default false,
    timelocked_until timestamptz,
    capping text check (capping in ('none', 'first_warning', 'second_warning', 'capped')),
    capping_used integer,
    capping_total integer,
    capping_resets_at timestamptz,
    silent_since timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, id) references channels (tenant_id, id)
);
create index on channel_health (tenant_id, project_id);

-- When a channel was last heard of, and whether it usually is at this hour.
create index on inbound_deliveries (tenant_id, channel_id, received_at);
