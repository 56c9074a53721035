drop table ai_runs, contact_events, early_receipts, message_receipts, messages, message_groups, sessions,
    chat_participants, chat_addresses, chats, contact_identities, contacts, channels, agents;
