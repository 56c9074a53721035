drop table auth_attempts, rate_limits, idempotency_keys;
