drop index messages_tenant_id_quoted_message_id_idx;
create index on messages (tenant_id, quoted_message_id);
drop index messages_tenant_id_agent_id_idx;
create index on messages (tenant_id, agent_id);
drop index message_groups_open_of_chat;
drop index messages_unsettled_of_chat;
