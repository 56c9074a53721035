-- Where WhatsApp finds a number that is about to be written to for the first time, as a channel's provider said it.
-- The address is a person's, so the rows leave after thirty days at most.
create table number_checks (
    tenant_id uuid not null,
    project_id uuid not null,
    channel_id uuid not null,
    address text not null,
    asked_at timestamptz not null,
    finding text check (finding in ('found', 'missing', 'refused')),
    found_at text check ((found_at is not null) = (finding is not distinct from 'found')),
    expires_at timestamptz not null default now() + interval '30 days',
    primary key (tenant_id, channel_id, address),
    foreign key (tenant_id, project_id) references projects (tenant_id, id),
    foreign key (tenant_id, channel_id) references channels (tenant_id, id)
);
create index on number_checks (tenant_id, project_id);
create index on number_checks (tenant_id, channel_id, asked_at);
create index on number_checks (expires_at);

-- A server has many sessions, and one may deliver to the address of another's channel.
alter table inbound_deliveries drop constraint inbound_deliveries_status_check;
alter table inbound_deliveries add constraint inbound_deliveries_status_check
    check (status in ('kept', 'duplicate', 'unhandled', 'failed', 'misdirected'));

-- Whether a channel is silent must not take longer the more comes that is not its own.
drop index inbound_deliveries_tenant_id_channel_id_received_at_idx;
create index on inbound_deliveries (tenant_id, channel_id, received_at) where status <> 'misdirected';

-- What was said on a channel stays when the channel goes.
alter table channels add column deleted_at timestamptz;
