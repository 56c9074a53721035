alter table outbox_tasks drop column traceparent;
alter table outbox_events drop column traceparent;
