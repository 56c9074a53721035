-- Receipts that wait go on waiting; whatever else waits has nowhere to go.
create table early_receipts (
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    external_id text not null,
    level smallint not null check (level between -1 and 4),
    contact_id uuid,
    at timestamptz not null,
    expires_at timestamptz not null default now() + interval '7 days',
    unique nulls not distinct (tenant_id, channel_id, external_id, level, contact_id),
    foreign key (tenant_id, contact_id) references contacts (tenant_id, id),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id)
);
create index on early_receipts (expires_at);
create index on early_receipts (tenant_id, contact_id);
create index on early_receipts (tenant_id, project_id);
alter table early_events no force row level security;
insert into early_receipts (tenant_id, project_id, channel_id, external_id, level, contact_id, at, expires_at)
select tenant_id, project_id, channel_id, external_id, key::smallint, contact_id, at, expires_at
from early_events where kind = 'receipt';
drop table early_events;

drop table contact_merge_moves, contact_merges, lid_lookups, presences, calls, chat_labels, channel_labels,
    message_reactions, message_revisions;
alter table chat_participants drop column role, drop column role_stamp, drop column seen_stamp, drop column left_stamp;
alter table chats drop column description, drop column left_at, drop column stamps;
alter table messages drop column edited_at, drop column edit_stamp, drop column revoked_at, drop column is_placeholder;
