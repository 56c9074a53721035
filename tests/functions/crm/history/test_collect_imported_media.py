"""Files of old messages are fetched if the import asked for them, behind everything that is live."""

import pytest


@pytest.mark.parametrize("media", [True, False])
def test_files_are_asked_for_only_when_wanted(past, world, media):
    past.asks(media=media)
    world.drain(tolerate=True)
    wanted = {row["id"] for row in world.rows("select id from messages where media is not null")}
    assert wanted
    files = world.rows("select message_id, priority from media_files")
    assert {row["message_id"] for row in files} == (wanted if media else set())
    assert {row["priority"] for row in files} <= {"import"}
    asked = {row["body"]["data"]["media_id"] for row in world.tasks("fetch_imported_media")}
    assert len(asked) == len(files)
