drop trigger keep_words_of_new on messages;
drop function keep_words_of_added();
create trigger keep_words_of_new after insert on messages for each row
    when (new.text is not null) execute function keep_message_words();
drop index messages_tenant_id_message_group_id_idx, messages_tenant_id_sender_contact_id_idx,
    messages_tenant_id_media_file_id_idx;
create index on messages (tenant_id, message_group_id);
create index on messages (tenant_id, sender_contact_id);
create index on messages (tenant_id, media_file_id);
alter table sessions alter constraint sessions_tenant_id_merged_into_id_fkey not deferrable;
drop table history_days, history_chats, history_runs;
alter table channels drop column history_read_until, drop column imports_history;
