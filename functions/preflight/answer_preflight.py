"""Calls from web pages: asked by browsers before the first one."""

from shared.core.tenants.origins import is_allowed
from shared.runtime.preflight import preflight


@preflight()
def answer_preflight(origin: str) -> bool:
    """Say whether a tenant lets pages of this origin call the API from a browser."""
    return is_allowed(origin)
