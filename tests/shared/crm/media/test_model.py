from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.crm.media.model import BACKOFF, LEASE, Content, MediaFile, MediaStatus, Origin, Reason
from shared.kernel.errors import Conflict
from shared.kernel.ids import uuid7
from shared.kernel.inbound import MessageType

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
CONTENT = Content(sha256="0" * 64, mimetype="image/png", size_bytes=5)


def arrived(**more):
    named: dict[str, Any] = {
        name: uuid7() for name in ("id", "tenant_id", "project_id", "message_id", "chat_id", "contact_id")
    }
    return MediaFile(
        **named, origin=Origin.MESSAGE, kind=MessageType.IMAGE, status=MediaStatus.PENDING, due_at=AT, **more
    )


def uploaded():
    return MediaFile.to_upload(
        tenant_id=uuid7(),
        project_id=uuid7(),
        kind=MessageType.IMAGE,
        file_name=None,
        mimetype="image/png",
        size_bytes=5,
        at=AT,
    )


def test_a_claim_lasts_as_long_as_its_lease():
    media = arrived()
    media.claim(AT)
    assert media.is_claimed(AT + LEASE - timedelta(seconds=1))
    assert not media.is_claimed(AT + LEASE)


def test_each_attempt_waits_longer_until_there_is_none():
    media, waits = arrived(), []
    while media.is_unfinished:
        media.claim(AT)
        media.was_not_obtained(Reason.SERVER_ERROR, AT)
        waits.append(media.due_at - AT)
    assert waits == [*BACKOFF, timedelta(0)]
    assert sorted(waits[:-1]) == waits[:-1]
    (event,) = media.collect()
    assert (event.event_type, event.reason, event.retryable) == ("message.media_failed", "server_error", True)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_final_or_tried_again_and_a_missing_file_is_called_so(reason):
    media = arrived()
    media.claim(AT)
    media.was_not_obtained(reason, AT)
    assert media.is_unfinished is not reason.is_final
    media.attempts = len(BACKOFF) + 1
    media.was_not_obtained(reason, AT)
    assert media.status is (MediaStatus.MISSING if reason.is_missing else MediaStatus.FAILED)


def test_a_claim_that_is_put_back_costs_no_attempt():
    media = arrived()
    media.claim(AT)
    media.put_back(AT)
    assert (media.status, media.attempts) == (MediaStatus.PENDING, 0)


def test_what_was_uploaded_wrong_is_not_looked_at_again():
    media = uploaded()
    media.claim(AT)
    media.was_not_obtained(Reason.WRONG_TYPE, AT)
    assert media.status is MediaStatus.FAILED
    with pytest.raises(Conflict):
        media.ask_again(AT)
    assert media.collect() == []


def test_an_upload_waits_for_the_same_content_to_be_removed():
    media = uploaded()
    media.claim(AT)
    media.was_not_obtained(Reason.BEING_REMOVED, AT)
    assert media.is_unfinished


def test_what_was_stored_is_told_of_a_message_alone():
    for media, events in ((arrived(), 1), (uploaded(), 0)):
        media.claim(AT)
        media.was_stored(CONTENT, AT)
        assert len(media.collect()) == events
        assert (media.status, media.sha256, media.reason) == (MediaStatus.STORED, CONTENT.sha256, None)
