"""One of everything that a tenant can have, made as it really comes about; and a second project beside the first."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.fakes.waha_events import Addressing, Party
from shared.kernel.ids import uuid7
from shared.runtime.dead_letters import Letter
from shared.runtime.postgres import sql
from tests.support.api import Api, Caller
from tests.support.conversation import ANA, Spoken, speak
from tests.support.tenants import Tenant
from tests.support.waha import WahaChannel, waha_channel
from tests.support.world import World

BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")
CAIO = Party(phone="5511900000003", lid="100000000000003", name="Caio")
DORA = Party(phone="5511900000005", lid="100000000000005", name="Dora")
EVA = Party(phone="5511900000006", lid="100000000000006", name="Eva")
FABIO = Party(phone="5511900000007", lid="100000000000007", name="Fabio")
GROUP = "120363000000000009@g.us"
_PROJECT = "insert into projects (id, tenant_id, version, name) values (:project_id, :tenant_id, 1, 'Beside')"
_PERSON = """
insert into users (id, tenant_id, version, email, name) values (:user_id, :tenant_id, 1, :email, 'Davi')
"""
_MEMBER = """
insert into memberships (id, tenant_id, version, project_id, user_id, role)
values (:id, :tenant_id, 1, :project_id, :user_id, :role)
"""
_LINK = """
insert into external_identities (id, tenant_id, version, user_id, issuer, subject)
values (:id, :tenant_id, 1, :user_id, 'https://elsewhere.example.com', :subject)
"""
_ONE_OF_OURS = """
insert into messages (
    id, tenant_id, project_id, version, channel_id, chat_id, session_id, contact_id, direction, sender_kind, type,
    external_id, status, text, sent_at, failure_code, failure_reason)
select :id, tenant_id, project_id, 1, channel_id, chat_id, session_id, contact_id, 'outbound', 'user', 'text',
    case :status when 'sent' then '3EB0' || left(md5(cast(cast(:id as uuid) as text)), 18) end,
    :status, 'Bom dia!', now(), :failure, :failure
from messages where tenant_id = :tenant_id and id = :message_id
"""
_CONTENT = """
insert into media_objects (tenant_id, sha256) values (:tenant_id, :sha256) on conflict do nothing
"""
_KEPT = """
update media_files set status = 'stored', sha256 = :sha256, mimetype = 'image/png', size_bytes = 2048, stored_at = now()
where tenant_id = :tenant_id and id = :id
"""
_PASTS = {"fetching": "running", "pausing": "running", "resuming": "paused", "cancelling": "running"}
_PAST = """
insert into history_runs (
    id, tenant_id, project_id, version, channel_id, kind, cause, status, since, until, started_at)
values (
    :id, :tenant_id, :project_id, 1, :channel_id, 'import', 'requested', :status, now() - interval '1 day', now(),
    now())
"""
_GIVEN_UP = """
insert into media_files (
    id, tenant_id, project_id, version, origin, kind, message_id, chat_id, contact_id, status, reason, due_at)
select :id, tenant_id, project_id, 1, 'message', 'image', id, chat_id, contact_id, 'missing', 'gone', now()
from messages where tenant_id = :tenant_id and id = :message_id
"""


@dataclass(frozen=True)
class Estate:
    """What a tenant has in one project: the ids of live things by kind, and of those that are gone."""

    tenant: Tenant
    channel: WahaChannel
    live: dict[str, str]
    gone: dict[str, str]


def settle(world: World, api: Api, tenant: Tenant) -> Estate:
    """Fill a project: a channel with a bot, three customers who wrote, one of them deleted, a person who answers."""
    channel = waha_channel(world, api, tenant, engine="NOWEB")  # the one that can do everything
    two_faces = [speak(world, channel, customer=CAIO, addressing=way) for way in (Addressing.LID, Addressing.PHONE)]
    speak(world, channel, customer=CAIO, addressing=Addressing.LID_WITH_PHONE)
    for kind in ("document", "voice", "location", "vcard"):
        speak(world, channel, kind=kind, customer=ANA)
    deleted, spoken = speak(world, channel, customer=BIA), speak(world, channel, customer=ANA)
    human = _assigned(api, tenant, deleted)
    assert api.post(f"/api/v1/crm/sessions/{deleted.session_id}/close", as_=tenant.agent).status_code == 200
    assert api.delete(f"/api/v1/crm/contacts/{deleted.contact_id}", as_=tenant.admin).status_code == 204
    silent = api.post("/api/v1/crm/contacts", {"phone": "+5511900000004"}, as_=tenant.agent).get_json()
    delivery = world.value("select id from inbound_deliveries where message_id = :id", id=spoken.message_id)
    live = {
        "tenant": tenant.tenant_id,
        "project": tenant.project_id,
        "user": tenant.agent.user_id,
        "channel": channel.id,
        "bot": channel.agent_id,
        "agent": human,
        "contact": spoken.contact_id,
        "silent_contact": silent["id"],
        **_chats(world, api, channel, tenant),
        "chat": spoken.chat_id,
        "silent_chat": deleted.chat_id,
        "session": spoken.session_id,
        "group": spoken.group_id,
        "message": spoken.message_id,
        "delivery": delivery,
        "sent_message": _answered(world, tenant, spoken, "sent"),
        "failed_message": _answered(world, tenant, spoken, "failed", failure="unreachable"),
        "dead_letter": _dead_letter(world, tenant),
        **_merge(world, tenant),
        "scheduled": _scheduled(api, tenant, spoken),
        "doomed_scheduled": _scheduled(api, tenant, spoken),
        "media": _upload(api, tenant),
        "stored_media": _stored_upload(world, api, tenant),
        "failed_media": _failed_file(world, tenant, spoken),
        **_channels(world, api, tenant),
        **_access(world, api, tenant),
    }
    merged = _merged(world, two_faces)
    gone = {"contact": deleted.contact_id, "channel": _deleted_channel(world, api, tenant), **merged}
    return Estate(tenant, channel, _text(live), _text(gone))


def beside(world: World, tenant: Tenant) -> Tenant:
    """A second project of a tenant, with the same people in it."""
    project_id = uuid7()
    names = {"tenant_id": tenant.tenant_id, "project_id": project_id}
    members = [
        sql(_MEMBER, **names, id=uuid7(), user_id=person.user_id, role=person.role.name.lower())
        for person in tenant.people
    ]
    world.admin.run(sql(_PROJECT, **names), *members)
    admin, agent, viewer = (replace(person, project_id=project_id) for person in tenant.people)
    return replace(tenant, project_id=project_id, admin=admin, agent=agent, viewer=viewer)


def record_all(world: World) -> None:
    """Let every event be consumed; replies stay queued, as nobody listens at the channels' servers."""
    world.drain(until=timedelta(0), tolerate=True)


def _access(world: World, api: Api, tenant: Tenant) -> dict[str, Any]:
    """A second key, a second sign-in and an outside identity of the admin's, and one more member."""
    admin = tenant.admin
    login = {"email": admin.email, "password": admin.password, "tenant_id": str(tenant.tenant_id)}
    signed_in: dict[str, Any] = api.post("/api/v1/auth/login", login).get_json()
    key: dict[str, Any] = api.post("/api/v1/auth/api-keys", {"name": "Website"}, as_=admin).get_json()
    new = {"tenant_id": tenant.tenant_id, "user_id": uuid7()}
    member, link = uuid7(), uuid7()
    world.admin.run(
        sql(_PERSON, **new, email=f"{member.hex}@example.com"),
        sql(_MEMBER, **new, id=member, project_id=tenant.project_id, role="viewer"),
        sql(_LINK, id=link, tenant_id=tenant.tenant_id, user_id=admin.user_id, subject=link.hex),
    )
    return {
        "api_key": key["id"],
        "external_identity": link,
        "login_session": signed_in["session_id"],
        "refresh_token": signed_in["refresh_token"],
        "member": member,
    }


def _answered(world: World, tenant: Tenant, spoken: Spoken, status: str, failure: str | None = None) -> Any:
    """A message of ours that has come so far."""
    names = {"id": uuid7(), "tenant_id": tenant.tenant_id, "message_id": spoken.message_id}
    world.admin.run(sql(_ONE_OF_OURS, **names, status=status, failure=failure))
    return names["id"]


def _upload(api: Api, tenant: Tenant) -> Any:
    """A file that somebody is about to upload."""
    body = {"kind": "image", "mimetype": "image/png", "size_bytes": 2048}
    told: dict[str, Any] = api.post("/api/v1/crm/media", body, as_=tenant.agent).get_json()
    return told["id"]


def _stored_upload(world: World, api: Api, tenant: Tenant) -> Any:
    """A file that was uploaded, as its row says; nothing of it lies in a bucket."""
    names = {"id": _upload(api, tenant), "tenant_id": tenant.tenant_id, "sha256": "0" * 64}
    world.admin.run(sql(_CONTENT, **names), sql(_KEPT, **names))
    return names["id"]


def _failed_file(world: World, tenant: Tenant, spoken: Spoken) -> Any:
    """A message's file that was given up."""
    names = {"id": uuid7(), "tenant_id": tenant.tenant_id, "message_id": spoken.message_id}
    world.admin.run(sql(_GIVEN_UP, **names))
    return names["id"]


def _scheduled(api: Api, tenant: Tenant, spoken: Spoken) -> Any:
    """A message that is to be sent later."""
    message = {"type": "text", "text": "Bom dia!", "chat_id": str(spoken.chat_id)}
    plan = {"send_at": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}", "message": message}
    answer = api.post("/api/v1/crm/messages/schedule", plan, as_=tenant.agent)
    assert answer.status_code == 201, answer.text
    planned: dict[str, Any] = answer.get_json()
    return planned["id"]


def _chats(world: World, api: Api, channel: WahaChannel, tenant: Tenant) -> dict[str, Any]:
    """A group and who is in it; a chat to be closed, and one that is; somebody with whom there is none."""
    group = speak(world, channel, customer=DORA, group=GROUP)
    closing, closed = (speak(world, channel, customer=each) for each in (EVA, FABIO))
    assert api.post(f"/api/v1/crm/chats/{closed.chat_id}/close", as_=tenant.agent).status_code == 200
    new: dict[str, Any] = api.post("/api/v1/crm/contacts", {"phone": "+5511900000008"}, as_=tenant.agent).get_json()
    return {
        "group_chat": group.chat_id,
        "participant": group.contact_id,
        "closing_chat": closing.chat_id,
        "closed_chat": closed.chat_id,
        "new_contact": new["id"],
    }


def _channels(world: World, api: Api, tenant: Tenant) -> dict[str, Any]:
    """Channels for what changes them: one to switch off, one to pair, others whose past is being fetched, or may be."""
    fetching = {f"{what}_channel": status for what, status in _PASTS.items()}
    named = ("spare_channel", "doomed_channel", *fetching)
    made = {name: waha_channel(world, api, tenant, bot=False).id for name in named}
    made["pairing_channel"] = waha_channel(world, api, tenant, bot=False, session_name="pairing").id
    for name, status in fetching.items():
        names = {"tenant_id": tenant.tenant_id, "project_id": tenant.project_id, "channel_id": made[name]}
        world.admin.run(sql(_PAST, **names, id=uuid7(), status=status))
    return made


def _deleted_channel(world: World, api: Api, tenant: Tenant) -> Any:
    channel = waha_channel(world, api, tenant, bot=False)
    assert api.delete(f"/api/v1/crm/channels/{channel.id}", as_=tenant.admin).status_code == 204
    return channel.id


def _dead_letter(world: World, tenant: Tenant) -> Any:
    """What a function could not take, about nothing that there is."""
    message_id = uuid7()
    letter = Letter(
        tenant_id=tenant.tenant_id,
        project_id=tenant.project_id,
        kind="event",
        function="record_timeline",
        message_id=message_id,
        type="contact.created",
        destination="contact",
        ordering_key=str(tenant.tenant_id),
        body={"event_type": "contact.created", "data": {}},
        attempts=10,
    )
    letter.keep("ZeroDivisionError", ["timeline.py:1 record"])
    return world.value("select id from dead_letters where message_id = :id", id=message_id)


def _assigned(api: Api, tenant: Tenant, spoken: Spoken) -> Any:
    caller: Caller = tenant.agent
    answer = api.post(f"/api/v1/crm/sessions/{spoken.session_id}/assign", {}, as_=caller)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.get_json()
    return told["agent_id"]


def _merge(world: World, tenant: Tenant) -> dict[str, Any]:
    """The merge of two faces of one person, and who lived on."""
    query = "select id as merge, contact_id as survivor from contact_merges where project_id = :id"
    (found,) = world.rows(query, id=tenant.project_id)
    return found


def _merged(world: World, two_faces: list[Spoken]) -> dict[str, Any]:
    """Of the two chats and sessions that became one, those that are no more."""
    query = "select id from {} where status = 'merged' and id in (:one, :other)"
    chats, sessions = [each.chat_id for each in two_faces], [each.session_id for each in two_faces]
    return {
        "chat": world.value(query.format("chats"), one=chats[0], other=chats[1]),
        "session": world.value(query.format("sessions"), one=sessions[0], other=sessions[1]),
    }


def _text(ids: dict[str, Any]) -> dict[str, str]:
    return {kind: str(found) for kind, found in ids.items()}
