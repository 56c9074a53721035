-- What was asked of the provider and left undone is found over all tenants: of each only whose it is, and since when.

create policy ventros_relay_select on message_actions for select to ventros_relay using (status in ('queued', 'sending'));
grant select (tenant_id, id, status, requested_at, claimed_at) on message_actions to ventros_relay;
create index message_actions_undone on message_actions (requested_at) where status in ('queued', 'sending');
