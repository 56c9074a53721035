-- What became of deliveries is counted over all tenants: of each only that, what it told of, and when it goes.

create policy ventros_observer_select on inbound_deliveries for select to ventros_observer using (true);
grant select (status, event, expires_at) on inbound_deliveries to ventros_observer;
