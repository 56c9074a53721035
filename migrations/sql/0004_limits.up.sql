-- What a caller sent once is done once, and how often it may call.

-- The first answer to each key; one without a status is being worked on, by the transaction that wrote it.
create table idempotency_keys (
    tenant_id uuid not null,
    project_id uuid not null,
    user_id uuid not null,
    key text not null check (char_length(key) between 1 and 255),
    route text not null,
    request_sealed text not null,
    status smallint,
    body text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '1 day',
    primary key (tenant_id, project_id, user_id, key)
);
create index on idempotency_keys (expires_at);

-- Rates that an operator has set for a tenant; what has no row here is as declared.
create table rate_limits (
    tenant_id uuid not null,
    limit_group text not null check (limit_group in ('auth', 'crm_read', 'crm_write', 'webhooks', 'ai')),
    scope text not null check (scope in ('user', 'tenant')),
    per_minute integer not null check (per_minute between 1 and 1000000),
    primary key (tenant_id, limit_group, scope),
    foreign key (tenant_id) references tenants (tenant_id)
);

-- Sign-ins of the last minute, counted here while the store that counts them is away; belongs to no tenant.
create table auth_attempts (
    key_hash text not null,
    at timestamptz not null default clock_timestamp()
);
create index on auth_attempts (key_hash, at);
create index on auth_attempts (at);
