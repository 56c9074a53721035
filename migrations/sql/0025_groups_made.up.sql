-- Groups are made at the provider: once, so that an answer that was lost leaves it unknown whether one was.

alter table chat_actions add column participants jsonb,
    drop constraint chat_actions_kind_check,
    add constraint chat_actions_kind_check check (kind in (
        'archive', 'unarchive', 'subject', 'description', 'labels', 'add', 'remove', 'promote', 'demote', 'create')),
    drop constraint chat_actions_status_check,
    add constraint chat_actions_status_check check (status in (
        'queued', 'sending', 'done', 'failed', 'superseded', 'unknown'));
-- Actions have one vocabulary, though nothing that is done to a message is left unknown.
alter table message_actions drop constraint message_actions_status_check,
    add constraint message_actions_status_check check (status in (
        'queued', 'sending', 'done', 'failed', 'superseded', 'unknown'));
drop index chat_actions_open;
create index chat_actions_open on chat_actions (tenant_id, chat_id)
    where status in ('queued', 'sending', 'failed', 'unknown');
-- Whoever hears of a new group looks here for whether it is one that was asked for.
create index chat_actions_creating on chat_actions (tenant_id, channel_id, text)
    where kind = 'create' and status in ('sending', 'unknown');
