"""A message of ours, as far on its way as a test wants it."""

import pytest

FORCE = """
update messages set status = :status, failure_code = :failure, external_id = :external_id, claimed_at = now(),
    version = version + 1
where id = :id
"""


@pytest.fixture
def answered(api, world, tenant, spoken):
    """Makes an answer to Ana with a status; its id."""

    def make(status="queued", failure=None, text="Bom dia!", external_id=None):
        body = {"chat_id": str(spoken.chat_id), "text": text}
        message_id = api.post("/api/v1/crm/messages", body, as_=tenant.agent).json["id"]
        if status != "queued":
            world.run(FORCE, id=message_id, status=status, failure=failure, external_id=external_id)
        return message_id

    return make
