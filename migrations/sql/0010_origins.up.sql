-- Web pages' origins from which browsers may call the API; read before the tenant is known, as logins are.
create table allowed_origins (
    tenant_id uuid not null,
    origin text not null check (char_length(origin) between 1 and 255),
    primary key (tenant_id, origin),
    foreign key (tenant_id) references tenants (tenant_id)
);
create index on allowed_origins (origin);
