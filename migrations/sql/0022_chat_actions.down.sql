drop table chat_actions;
alter table chats drop column metadata;
