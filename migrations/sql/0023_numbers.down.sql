alter table channels drop column deleted_at;
update inbound_deliveries set status = 'unhandled' where status = 'misdirected';
drop index inbound_deliveries_tenant_id_channel_id_received_at_idx;
create index on inbound_deliveries (tenant_id, channel_id, received_at);
alter table inbound_deliveries drop constraint inbound_deliveries_status_check;
alter table inbound_deliveries add constraint inbound_deliveries_status_check
    check (status in ('kept', 'duplicate', 'unhandled', 'failed'));
drop table number_checks;
