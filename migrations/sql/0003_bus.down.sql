drop function must_equal(bigint, bigint);
drop table inbound_deliveries, inbox, relays, relay_leases, outbox_tasks, outbox_events;
