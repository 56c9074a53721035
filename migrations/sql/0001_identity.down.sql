drop table logins, api_keys, memberships, users, projects, tenants;
