-- Where in a trace what leaves was written: the span under which whoever takes it works.
alter table outbox_events add column traceparent text;
alter table outbox_tasks add column traceparent text;
