revoke delete on external_identities from ventros_app;
