grant delete on external_identities to ventros_app;
