drop table inbound_deliveries, inbox, relay_leases, outbox_tasks, outbox_events;
