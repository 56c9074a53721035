drop table send_paces, scheduled_messages, message_actions;
alter table channels drop column pace;
alter table messages
    drop column poll, drop column menu, drop column manner, drop column forwarded_from_id, drop column not_before,
    drop column has_turn;
