alter table api_keys drop column scopes, drop column expires_at, drop column last_used_at;
drop table external_identities, login_sessions;
