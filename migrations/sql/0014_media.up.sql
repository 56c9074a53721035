-- Files of messages: where each one stands, and what lies in the bucket for them.

-- One row for each content a tenant has; while it is being removed nothing may begin to refer to it.
create table media_objects (
    tenant_id uuid not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    status text not null default 'kept' check (status in ('kept', 'removing')),
    removing_since timestamptz,
    created_at timestamptz not null default now(),
    primary key (tenant_id, sha256),
    foreign key (tenant_id) references tenants (tenant_id),
    check ((status = 'removing') = (removing_since is not null))
);
create index media_objects_removing on media_objects (removing_since) where status = 'removing';

create table media_files (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    origin text not null check (origin in ('message', 'upload')),
    priority text not null default 'live' check (priority in ('live', 'import')),
    kind text not null,
    message_id uuid,
    chat_id uuid,
    contact_id uuid,
    status text not null check (status in ('pending', 'downloading', 'stored', 'failed', 'missing')),
    reason text check (reason in (
        'absent', 'gone', 'not_downloaded', 'unreachable', 'refused', 'server_error', 'too_slow', 'truncated', 'empty',
        'wrong_type', 'type_not_allowed', 'too_large', 'compressed', 'redirected', 'forbidden_url', 'never_uploaded',
        'broken_off',
        'being_removed')),
    file_name text,
    told_mimetype text,
    told_bytes bigint,
    mimetype text,
    size_bytes bigint,
    sha256 text,
    attempts integer not null default 0,
    due_at timestamptz not null,
    stored_at timestamptz,
    -- Set when its contact is deleted, and taken back when they return.
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, message_id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, message_id) references messages (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, sha256) references media_objects (tenant_id, sha256),
    check ((origin = 'message') = (message_id is not null)),
    check (status <> 'stored' or (sha256 is not null and mimetype is not null and size_bytes is not null)),
    check ((status in ('failed', 'missing')) <= (reason is not null))
);
create index on media_files (tenant_id, project_id, created_at, id);
create index media_files_expiring on media_files (tenant_id, project_id, expires_at) where expires_at is not null;
create index on media_files (tenant_id, chat_id);
create index on media_files (tenant_id, contact_id);
create index on media_files (tenant_id, sha256);
create index media_files_unfinished on media_files (due_at) where status in ('pending', 'downloading');

alter table messages
    add column media_file_id uuid,
    -- A message outlives its file.
    add constraint messages_media_file_fkey foreign key (tenant_id, media_file_id)
        references media_files (tenant_id, id) on delete set null (media_file_id);
create index on messages (tenant_id, media_file_id);

alter table projects
    add column media_kept_days integer not null default 365 check (media_kept_days between 1 and 3650);
