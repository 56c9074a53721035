"""A file that lies in our store, as far as the database knows."""

import hashlib
from typing import Any
from uuid import UUID

from shared.kernel.ids import uuid7
from shared.runtime.postgres import sql
from tests.support.tenants import Tenant
from tests.support.world import World

_OBJECT = "insert into media_objects (tenant_id, sha256) values (:tenant_id, :sha256) on conflict do nothing"
_FILE = """
insert into media_files (
    id, tenant_id, project_id, version, origin, kind, status, file_name, mimetype, size_bytes, sha256, due_at,
    stored_at)
values (
    :id, :tenant_id, :project_id, 1, 'upload', 'document', 'stored', :file_name, :mimetype, 2048, :sha256, now(), now())
"""


def stored_file(world: World, tenant: Tenant, mimetype: str = "image/png", file_name: str = "bolo.png") -> UUID:
    """Upload a file, in short; its id."""
    file_id, content = uuid7(), hashlib.sha256(file_name.encode()).hexdigest()
    names: dict[str, Any] = {"tenant_id": tenant.tenant_id, "sha256": content}
    about = {"id": file_id, "project_id": tenant.project_id, "mimetype": mimetype, "file_name": file_name}
    world.admin.run(sql(_OBJECT, **names), sql(_FILE, **names, **about))
    return file_id
