drop index chat_actions_creating;
drop index chat_actions_open;
delete from chat_actions where kind = 'create' or status = 'unknown';
alter table chat_actions drop column participants,
    drop constraint chat_actions_kind_check,
    add constraint chat_actions_kind_check check (kind in (
        'archive', 'unarchive', 'subject', 'description', 'labels', 'add', 'remove', 'promote', 'demote')),
    drop constraint chat_actions_status_check,
    add constraint chat_actions_status_check check (status in ('queued', 'sending', 'done', 'failed', 'superseded'));
alter table message_actions drop constraint message_actions_status_check,
    add constraint message_actions_status_check check (status in ('queued', 'sending', 'done', 'failed', 'superseded'));
create index chat_actions_open on chat_actions (tenant_id, chat_id) where status in ('queued', 'sending', 'failed');
