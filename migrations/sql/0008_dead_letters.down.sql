drop index outbox_events_created_at_idx;
drop index outbox_tasks_created_at_idx;
create index on outbox_events (tenant_id, created_at);
create index on outbox_tasks (tenant_id, created_at);
drop table dead_letters;
