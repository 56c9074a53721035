drop policy ventros_observer_select on inbound_deliveries;
revoke select (status, event, expires_at) on inbound_deliveries from ventros_observer;
