-- What a contact is worth, how a session ended, and orders and searches that are quick.

-- Without accents and case, so that people are found however their names are typed.
create function folded(value text) returns text
    language sql immutable strict parallel safe
    return lower(regexp_replace(normalize(value, nfkd), '[\u0300-\u036f]', '', 'g'));

alter table contacts
    add column score integer not null default 0 check (score between 0 and 100),
    add column qualification text check (qualification in ('qualified', 'disqualified')),
    -- Of bounded length, as an index asks for.
    add column name_folded text not null generated always as (left(folded(name), 200)) stored;

alter table sessions
    add column outcome text check (outcome in ('resolved', 'unresolved', 'converted', 'spam')),
    add check (outcome is null or status = 'closed');

create index on contacts (tenant_id, project_id, updated_at, id);
create index on contacts (tenant_id, project_id, name_folded, id);
create index on contacts (tenant_id, project_id, score, id);
create index on sessions (tenant_id, project_id, last_message_at, id);
create index on sessions (tenant_id, project_id, created_at, id);
create index sessions_closed on sessions (tenant_id, project_id, ended_at) where status = 'closed';
