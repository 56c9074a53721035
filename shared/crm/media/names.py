"""Where files lie in the bucket."""

from uuid import UUID

STAGED = "incoming/"  # the bucket forgets by itself, after a day, what was left there


def object_name(tenant_id: UUID, sha256: str) -> str:
    """Where a content lies in the bucket: once for each tenant, however many messages it came with."""
    return f"tenants/{tenant_id}/{sha256}"


def upload_name(tenant_id: UUID, media_id: UUID) -> str:
    """Where an upload is put before it is looked at."""
    return f"{STAGED}{tenant_id}/{media_id}"
