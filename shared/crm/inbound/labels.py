"""Chats that are put away or labelled, and what a channel's labels are called."""

from typing import Any

from shared.crm.chats import waiting
from shared.crm.inbound.scene import Scene
from shared.kernel.inbound import ChatArchived, ChatLabel, Label

_KEEP = """
insert into channel_labels as known (tenant_id, project_id, channel_id, label, name, color, deleted_at, stamp)
values (:tenant_id, :project_id, :channel_id, :label, :name, :color, :deleted_at, :stamp)
on conflict (tenant_id, channel_id, label) do update set
    name = coalesce(nullif(excluded.name, ''), known.name), color = coalesce(excluded.color, known.color),
    deleted_at = excluded.deleted_at, stamp = excluded.stamp
where known.stamp < excluded.stamp
"""


def take_archive(scene: Scene, told: ChatArchived) -> None:
    """Put the chat away, or take it out again; a chat that is not known yet finds it waiting."""
    if not scene.people.chats:
        _wait(scene, told, waiting.ARCHIVE, told.is_archived)
    elif not _is_outdated(told, scene.seen["wishes"]):
        scene.people.chats[0].archive(told.stamp, is_archived=told.is_archived)


def _is_outdated(told: ChatArchived, wishes: list[str]) -> bool:
    """Whether somebody here wants it otherwise by now: the provider tells again once that is done."""
    return ("unarchive" if told.is_archived else "archive") in wishes


def take_chat_label(scene: Scene, told: ChatLabel) -> None:
    """Put the label on the chat, or take it off; a chat that is not known yet finds it waiting."""
    if told.definition:
        take_label(scene, told.definition)
    if scene.people.chats:
        chat, known = scene.people.chats[0], scene.seen["chat_labels"]
        scene.ledger.afterwards.extend(waiting.put_label(chat, told.label, told.stamp, known, is_on=told.is_on))
    else:
        _wait(scene, told, waiting.LABEL, {"label": told.label, "is_on": told.is_on})


def take_label(scene: Scene, told: Label) -> None:
    """Call a label as it is called by now, or forget it, unless something later is known."""
    if told.stamp <= scene.seen["labels"].get(told.label, ""):
        return
    scene.channel.labelled(told.label, is_deleted=told.is_deleted)
    scene.ledger.last(
        _KEEP,
        tenant_id=scene.gate.tenant_id,
        project_id=scene.gate.project_id,
        channel_id=scene.gate.channel_id,
        label=told.label,
        name=told.name,
        color=told.color,
        deleted_at=scene.moment(told.at) if told.is_deleted else None,
        stamp=told.stamp,
    )


def _wait(scene: Scene, told: ChatArchived | ChatLabel, kind: str, value: Any) -> None:
    scene.ledger.afterwards.append(
        waiting.wait(
            tenant_id=scene.gate.tenant_id,
            project_id=scene.gate.project_id,
            channel_id=scene.gate.channel_id,
            address=told.chat_address,
            kind=kind,
            key=told.stamp,
            value=value,
            at=scene.moment(told.at),
        )
    )
