drop index message_actions_undone;
drop policy ventros_relay_select on message_actions;
revoke select (tenant_id, id, status, requested_at, claimed_at) on message_actions from ventros_relay;
