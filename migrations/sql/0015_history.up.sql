-- What a channel's provider remembers: runs that fetch it, how far each chat was read, and what was found by day.

alter table channels
    add column imports_history boolean not null default false,
    add column history_read_until timestamptz;

create table history_runs (
    id uuid not null,
    tenant_id uuid not null,
    project_id uuid not null,
    version integer not null,
    channel_id uuid not null,
    kind text not null check (kind in ('import', 'reconciliation')),
    cause text not null check (cause in ('requested', 'connected', 'downtime', 'silence', 'nightly')),
    status text not null check (status in ('running', 'paused', 'completed', 'failed', 'cancelled')),
    since timestamptz not null,
    until timestamptz not null,
    media boolean not null default false,
    whole boolean not null default true,
    round integer not null default 1,
    next_chat integer default 0,
    attempts integer not null default 0,
    own_addresses jsonb not null default '[]',
    started_at timestamptz not null,
    finished_at timestamptz,
    failure_code text,
    failure_reason text,
    totals jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    check (since <= until)
);
create index on history_runs (tenant_id, channel_id, id);
create index on history_runs (tenant_id, project_id);
create unique index history_runs_one_at_a_time on history_runs (tenant_id, channel_id, kind)
    where status in ('running', 'paused');
create index history_runs_under_way on history_runs (updated_at) where status = 'running';

-- How far a run has read each chat. The address is a person's, so the rows leave after thirty days.
create table history_chats (
    tenant_id uuid not null,
    project_id uuid not null,
    run_id uuid not null,
    address text not null,
    phone_address text,
    subject text,
    status text not null default 'waiting' check (status in ('waiting', 'reading', 'done', 'failed')),
    lane smallint,
    next_row integer not null default 0,
    empty_pages smallint not null default 0,
    read integer not null default 0,
    added integer not null default 0,
    known integer not null default 0,
    unread integer not null default 0,
    attempts smallint not null default 0,
    next_at timestamptz,
    failure_code text,
    failure_reason text,
    expires_at timestamptz not null default now() + interval '30 days',
    primary key (tenant_id, run_id, address),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, run_id) references history_runs (tenant_id, id)
);
create index on history_chats (tenant_id, project_id);
create index history_chats_to_read on history_chats (tenant_id, run_id, lane) where status in ('waiting', 'reading');
create index on history_chats (expires_at);

-- What the provider has of a chat's day, and what we had of it, as the last run found it; `seen` are hashes of the ids
-- that this run was told, and `recovered_before` is what runs before it had to bring.
create table history_days (
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    chat_id uuid not null,
    day date not null,
    run_id uuid not null,
    expected integer not null,
    present integer not null,
    recovered integer not null,
    recovered_before integer not null default 0,
    unknown integer not null,
    seen bigint[] not null,
    checked_at timestamptz not null default now(),
    primary key (tenant_id, chat_id, day),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id),
    foreign key (tenant_id, chat_id) references chats (tenant_id, id),
    foreign key (tenant_id, run_id) references history_runs (tenant_id, id),
    check (expected = present + recovered + unknown)
);
create index on history_days (tenant_id, project_id);
create index on history_days (tenant_id, channel_id, day);
create index on history_days (tenant_id, run_id);

-- The one that a session became part of may be written after it.
alter table sessions alter constraint sessions_tenant_id_merged_into_id_fkey deferrable initially deferred;

-- Most messages have none of these, and old ones come by the thousand.
drop index messages_tenant_id_message_group_id_idx, messages_tenant_id_sender_contact_id_idx,
    messages_tenant_id_media_file_id_idx;
create index on messages (tenant_id, message_group_id) where message_group_id is not null;
create index on messages (tenant_id, sender_contact_id) where sender_contact_id is not null;
create index on messages (tenant_id, media_file_id) where media_file_id is not null;

-- The words of many new messages at once.
create function keep_words_of_added() returns trigger language plpgsql as $$
begin
    insert into message_words (tenant_id, project_id, word, sent_at, message_id)
    select added.tenant_id, added.project_id, word, added.sent_at, added.id
    from added, unnest(tsvector_to_array(search_vector(added.text))) as word
    where added.text is not null and added.deleted_at is null;
    return null;
end $$;
drop trigger keep_words_of_new on messages;
create trigger keep_words_of_new after insert on messages referencing new table as added
    for each statement execute function keep_words_of_added();
