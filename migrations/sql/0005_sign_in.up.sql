-- Signing in: sessions with their refresh tokens, what outside issuers call our users, and more about API keys.

create table login_sessions (
    id uuid not null,
    tenant_id uuid not null,
    version integer not null,
    project_id uuid not null,
    user_id uuid not null,
    family_hash text not null,
    secret_hash text not null,
    renewed_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, family_hash),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index on login_sessions (tenant_id, user_id);
create index on login_sessions (tenant_id, project_id);
create index on login_sessions (expires_at);

-- Read before the tenant is known, as logins are: whom an outside issuer means by a subject.
create table external_identities (
    id uuid not null,
    tenant_id uuid not null,
    version integer not null,
    user_id uuid not null,
    issuer text not null,
    subject text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, issuer, subject),
    foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index on external_identities (issuer, subject);
create index on external_identities (tenant_id, user_id);

alter table api_keys
    add column scopes jsonb,
    add column expires_at timestamptz,
    add column last_used_at timestamptz;
