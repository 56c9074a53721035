alter table sessions alter constraint sessions_tenant_id_merged_into_id_fkey not deferrable;
drop table history_days, history_chats, history_runs;
alter table channels drop column history_read_until, drop column imports_history;
