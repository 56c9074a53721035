"""What is told of a group: how it is called, who is in it, and whether we are."""

from shared.crm.chats.members import Members
from shared.crm.inbound.creations import settle_creation
from shared.crm.inbound.people import People
from shared.crm.inbound.scene import Scene
from shared.kernel.inbound import ChatKind, GroupChange, Membership


def take_group(scene: Scene, told: GroupChange) -> None:
    """Change the group's chat, which is opened if it is not there."""
    people = scene.people
    settle_creation(scene, told)
    chat = people.chat_at(told.chat_address, ChatKind.GROUP)
    if told.subject is not None:
        chat.called(told.subject, told.stamp)
    if told.description is not None:
        chat.described(told.description, told.stamp)
    if told.ours is not None:
        chat.we_are_in(told.stamp, scene.moment(told.at), is_in=told.ours is Membership.JOINED)
    if told.doing is not None:
        members = Members(chat, scene.seen["everybody"])
        _take_members(told, members, people)
        scene.ledger.afterwards.extend(members.settle())


def _take_members(told: GroupChange, members: Members, people: People) -> None:
    if told.doing is Membership.LISTED:
        members.chat.members_listed(told.stamp)
    for member in told.members:
        contact = people.contact(member.person)
        if contact and told.doing:
            members.does(contact.id, told.doing, member.role, told.stamp)
