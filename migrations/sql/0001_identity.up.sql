-- Who may come in: tenants, their projects, people, roles and keys.

create table tenants (
    id uuid not null,
    tenant_id uuid not null,
    version integer not null,
    name text not null check (char_length(name) between 1 and 200),
    status text not null default 'active' check (status in ('active', 'suspended')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id),
    check (id = tenant_id)
);

create table projects (
    id uuid not null,
    tenant_id uuid not null,
    version integer not null,
    name text not null check (char_length(name) between 1 and 200),
    timezone text not null default 'America/Sao_Paulo',
    session_timeout_minutes integer not null default 1440 check (session_timeout_minutes between 1 and 43200),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id) references tenants (tenant_id)
);

create table users (
    id uuid not null,
    tenant_id uuid not null,
    version integer not null,
    email text not null,
    name text not null,
    password_hash text,
    status text not null default 'active' check (status in ('active', 'suspended')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, email),
    foreign key (tenant_id) references tenants (tenant_id)
);

create table memberships (
    id uuid not null,
    tenant_id uuid not null,
    version integer not null,
    project_id uuid not null,
    user_id uuid not null,
    role text not null check (role in ('viewer', 'agent', 'admin')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, user_id, project_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index on memberships (tenant_id, project_id);

create table api_keys (
    id uuid not null,
    tenant_id uuid not null,
    version integer not null,
    project_id uuid not null,
    user_id uuid not null,
    name text not null,
    role text not null check (role in ('viewer', 'agent', 'admin')),
    secret_hash text not null,
    hint text not null,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, secret_hash),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index on api_keys (tenant_id, user_id);
create index on api_keys (tenant_id, project_id);

-- The one table that is read before the tenant is known: which tenants an e-mail may sign in to.
create table logins (
    email text not null,
    tenant_id uuid not null,
    user_id uuid not null,
    primary key (tenant_id, email),
    foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index on logins (email);
create index on logins (tenant_id, user_id);
