-- What the busiest ways look up, and what they need not write.

-- The few messages and groups of a chat that are not settled, however long the chat.
create index messages_unsettled_of_chat on messages (tenant_id, chat_id) where status in ('queued', 'sending', 'unknown');
create index message_groups_open_of_chat on message_groups (tenant_id, chat_id)
    where status in ('pending', 'processing') or outcome is null;
-- Most messages have none of these.
drop index messages_tenant_id_agent_id_idx;
create index on messages (tenant_id, agent_id) where agent_id is not null;
drop index messages_tenant_id_quoted_message_id_idx;
create index on messages (tenant_id, quoted_message_id) where quoted_message_id is not null;
