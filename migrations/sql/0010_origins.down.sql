drop table allowed_origins;
