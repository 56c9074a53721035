import re
from typing import Any
from uuid import uuid4

import pytest

from shared.runtime.declarations import Routed
from tests.support.functions import ROOT, declared

PREFIXES = ("X-Dev", "X-Debug", "X-Test", "X-Impersonate")
ROUTES = [pytest.param(spec, id=spec.name) for spec in declared(Routed)]
SAME = {"X-Request-Id": "same"}


def pretended(tenant):
    named = {"User-ID": tenant.admin.user_id, "Tenant-ID": tenant.tenant_id, "Project-ID": tenant.project_id}
    return {f"{prefix}-{name}": str(value) for prefix in PREFIXES for name, value in {**named, "Role": "admin"}.items()}


def steady(answer):
    """What was answered, but for how long something took."""
    return re.sub(rb'"latency_ms": ?[0-9.]+', b"", answer.data)


@pytest.mark.parametrize("spec", ROUTES)
def test_headers_for_developers_change_nothing(api, tenant, spec):
    path = re.sub(r"{\w+}", str(uuid4()), spec.path)
    body: dict[str, Any] = {} if spec.method == "GET" else {"json": {}}
    for caller in (None, tenant.viewer.key):
        if caller and spec.name == "list_api_keys":
            continue  # it shows when the key was used last
        more = pretended(tenant)
        with_them = api.request(spec.method, path, as_=caller, headers={**SAME, **more}, **body)
        without = api.request(spec.method, path, as_=caller, headers=SAME, **body)
        assert (with_them.status_code, steady(with_them)) == (without.status_code, steady(without))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_nobody_listens_to_them(prefix):
    sources = [file for folder in ("shared", "functions") for file in (ROOT / folder).rglob("*.py")]
    assert sources
    assert [str(file) for file in sources if prefix.lower() in file.read_text().lower()] == []
