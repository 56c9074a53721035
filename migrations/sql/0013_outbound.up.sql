-- Everything that can be sent: polls, menus, how it is sent, and what is passed on.

alter table messages
    add column poll jsonb,
    add column menu jsonb,
    add column manner jsonb,
    add column forwarded_from_id uuid,
    add foreign key (tenant_id, forwarded_from_id) references messages (tenant_id, id);
create index on messages (tenant_id, forwarded_from_id) where forwarded_from_id is not null;
