-- Where in a trace what leaves was written: the span under which whoever takes it works.
alter table outbox_events add column traceparent text;
alter table outbox_tasks add column traceparent text;

-- A database that was made before the role was let its name in to those of its time alone.
do $$ begin execute format('grant connect on database %I to ventros_observer', current_database()); end $$;
