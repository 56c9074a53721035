"""A database that forgets at once who tried to get in: for campaigns that ask the same again and again."""

from shared.runtime.postgres import Connections, sql

_FORGET = """
create function forget_attempt() returns trigger language plpgsql as $$
begin
    delete from auth_attempts where key_hash = new.key_hash;
    return null;
end $$
"""
_AT_ONCE = "create trigger forgotten after insert on auth_attempts for each row execute function forget_attempt()"


def forget_attempts(admin: Connections) -> None:
    """From now on nobody has tried too often; `admin` are a superuser's connections."""
    admin.run(sql(_FORGET), sql(_AT_ONCE))
