"""Reading a session's past from a fake server of every engine, which does not always tell it well."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.fakes.waha import FakeWaha
from infra.fakes.waha_corpus import Corpus
from infra.fakes.waha_events import make_event
from infra.fakes.waha_history import Trouble
from infra.fakes.waha_parts import MEDIA
from infra.fakes.waha_state import Fault
from shared.kernel.inbound import ChatKind, MissingMedia
from shared.providers import guard
from shared.providers.waha import history
from shared.providers.waha.client import Refused, Unknown
from shared.providers.waha.fields import mapping
from shared.providers.waha.history import Archive, read_page
from shared.providers.waha.messages import Setting
from shared.providers.waha.notices import was_written
from shared.providers.waha.pages import MESSAGES_AT_ONCE
from tests.shared.providers.waha.test_envelope import ODD, changed, places

ENGINES = ["WEBJS", "NOWEB", "GOWS"]
KINDS = st.sampled_from(["text", *MEDIA])
NOW = 1_790_000_000
SINCE, UNTIL = datetime.fromtimestamp(NOW - 180 * 86_400, UTC), datetime.fromtimestamp(NOW, UTC)


@pytest.fixture(params=ENGINES)
def remembered(request):
    """A fake whose session remembers a small corpus, and a reader of it."""
    with FakeWaha() as fake:
        session = fake.add_session("s", request.param, api_key="key")
        fake.archives["s"] = Corpus(until=NOW, chats=30, messages=1500).archive(request.param)
        http = guard.client(frozenset({fake.address}), total_seconds=5, most_bytes=1 << 26)
        reader = Archive(base_url=fake.url, api_key="key", session="s", engine=session.engine, http=http)
        with reader:
            yield fake, reader


def all_pages(reader, chat):
    """Every message of a chat, in the order told, asking on until two pages are empty."""
    offset, empty, found = 0, 0, []
    while empty < 2:
        page = reader.page(chat, offset, since=SINCE, until=UNTIL)
        empty = 0 if page.rows else empty + 1
        offset += MESSAGES_AT_ONCE
        found += [each.message for each in page.told]
    return found


def test_all_chats_and_all_messages_are_read(remembered):
    fake, reader = remembered
    chats, offset = [], 0
    while page := reader.chats(offset).chats:
        chats += page
        offset += 200
    kept = {chat.id: chat for chat in fake.archives["s"].chats}
    assert [chat.address for chat in chats] == sorted(kept)
    assert {chat.address: chat.subject for chat in chats if chat.subject} == {
        name: chat.subject for name, chat in kept.items() if name.endswith("@g.us")
    }
    for chat in chats:
        told = all_pages(reader, chat.address)
        assert [each.external_id for each in told] == [each.said.message_id for each in kept[chat.address].messages]
        assert [each.ack for each in told] == [each.ack for each in kept[chat.address].messages]
        assert {each.chat_kind for each in told} == {
            ChatKind.GROUP if chat.address.endswith("@g.us") else ChatKind.INDIVIDUAL
        }


def test_a_page_of_hidden_rows_is_not_the_end(remembered):
    fake, reader = remembered
    chat = next(each for each in fake.archives["s"].chats if each.rows.count(None) >= 120)
    assert len(all_pages(reader, chat.id)) == len(chat.messages)


def test_media_stay_where_they_are(remembered):
    fake, reader = remembered
    chat = max(fake.archives["s"].chats, key=lambda each: len(each.messages))
    files = [each.media for each in all_pages(reader, chat.id) if each.media]
    assert files
    assert {(each.url, each.missing_reason) for each in files} == {(None, MissingMedia.NOT_DOWNLOADED)}


def test_only_the_time_asked_for_is_told(remembered):
    fake, reader = remembered
    chat = max(fake.archives["s"].chats, key=lambda each: len(each.messages))
    middle = datetime.fromtimestamp(chat.messages[len(chat.messages) // 2].said.timestamp, UTC)
    told = reader.page(chat.id, 0, since=middle, until=middle + timedelta(days=2)).told
    assert told
    assert all(middle <= each.message.sent_at <= middle + timedelta(days=2) for each in told)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("error_500", Unknown),
        ("error_429", Refused),
        ("hang", Unknown),
        ("malformed", Unknown),
        ("no_list", Unknown),
    ],
)
def test_a_page_that_fails_comes_when_asked_again(remembered, kind, error):
    fake, reader = remembered
    archive = fake.archives["s"]
    archive.trouble = Trouble(share=1, kinds=(kind,), seconds=0.05)
    chat = archive.chats[0].id
    with pytest.raises(error):
        reader.page(chat, 0, since=SINCE, until=UNTIL)
    for _ in range(2):
        try:
            page = reader.page(chat, 0, since=SINCE, until=UNTIL)
        except error:
            continue
    assert page.rows


@pytest.mark.parametrize("kind", ["twice", "again", "backwards"])
def test_a_page_told_badly_still_tells_all(remembered, kind):
    fake, reader = remembered
    archive = fake.archives["s"]
    archive.trouble = Trouble(share=1, kinds=(kind,))
    chat = max(archive.chats, key=lambda each: len(each.messages))
    told = all_pages(reader, chat.id)
    assert {each.external_id for each in told} == {each.said.message_id for each in chat.messages}
    if kind != "backwards":
        assert len(told) > len(chat.messages)


def test_the_phone_behind_a_hidden_id(remembered):
    fake, reader = remembered
    lid, phone = next(iter(fake.archives["s"].phones.items()))
    assert reader.phone_address(f"{lid}@lid") == f"{phone}@c.us"
    assert reader.phone_address("999@lid") is None


def test_what_came_by_webhook_or_was_sent_is_remembered_too(remembered):
    fake, reader = remembered
    event = make_event(reader._engine, "text", body="oi", timestamp=NOW - 60)
    fake.state.keep(fake.state.sessions["s"], event["payload"])
    assert "5511912345678@c.us" in {chat.address for chat in reader.chats(0).chats}
    assert [each.text for each in all_pages(reader, "5511912345678@c.us")] == ["oi"]
    assert reader.own() == {"5511999990000@c.us", "200000000000009@lid"}


def test_a_noweb_session_without_a_store_says_so():
    with FakeWaha() as fake:
        fake.add_session("s", "NOWEB", api_key="key")
        http = guard.client(frozenset({fake.address}), total_seconds=5, most_bytes=1 << 20)
        reader = Archive(base_url=fake.url, api_key="key", session="s", engine="NOWEB", http=http)
        fake.archive("s").has_store = False
        with reader, pytest.raises(Refused) as refused:
            reader.chats(0)
    assert refused.value.code == "no_store"


def test_a_row_that_cannot_be_understood_is_kept_as_it_came():
    rows = [{"body": "oi"}, "x", {"id": "false_5511912345678@c.us_A", "timestamp": 1}]
    page = read_page(rows, Setting(engine="GOWS"))
    assert page.rows == 3
    assert [(each.message.external_id, each.payload) for each in page.told] == [("A", rows[2])]
    assert [each.payload for each in page.unread] == rows[:2]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_row_is_beyond_reading_and_none_is_lost(data):
    engine = data.draw(st.sampled_from(ENGINES))
    rows = [make_event(engine, kind, body="oi")["payload"] for kind in data.draw(st.lists(KINDS, max_size=3))]
    for row in rows:
        for path in data.draw(st.lists(st.sampled_from([path for path in places(row) if path]), max_size=4)):
            changed(row, path, data.draw(ODD), drop=data.draw(st.booleans()))
    rows += data.draw(st.lists(ODD, max_size=2))
    page = read_page(rows, Setting(engine=engine))
    assert page.rows == len(rows)
    assert len(page.told) + len(page.unread) == sum(was_written(mapping(row)) for row in rows)
    assert not [each for each in page.unread if each.problem == "The row could not be read."]
    repr([each.message for each in page.told]).encode()


@pytest.mark.parametrize("reader", ["was_written", "read_message"])
def test_a_row_that_no_reader_foresaw_is_kept_and_costs_no_other(monkeypatch, reader):
    rows = [make_event("GOWS", "text", body="oi", message_id=f"A{number}")["payload"] for number in range(3)]
    known = getattr(history, reader)

    def fails(payload, *rest):
        if payload is rows[1]:
            raise OverflowError
        return known(payload, *rest)

    monkeypatch.setattr(history, reader, fails)
    page = read_page(rows, Setting(engine="GOWS"))
    assert ([each.payload for each in page.told], page.rows) == ([rows[0], rows[2]], 3)
    assert [(each.payload, each.problem, each.at) for each in page.unread] == [
        (rows[1], "The row could not be read.", None)
    ]


def test_faults_of_sending_do_not_touch_reading(remembered):
    fake, reader = remembered
    fake.set_fault("s", Fault(kind="error_500"))
    assert reader.chats(0).rows
