"""Whose calls are whose, once somebody is known."""

# Calls of somebody whom nobody knew find their contact when that is known by what they called with.
BELONGS = """
update calls set contact_id = :contact_id, caller_kind = null, caller_value = null, version = version + 1
where tenant_id = :tenant_id and project_id = :project_id and contact_id is null
  and (caller_kind, caller_value) in (
    select told ->> 'kind', told ->> 'value' from jsonb_array_elements(cast(:identities as jsonb)) as told)
"""
