drop index sessions_closed, sessions_tenant_id_project_id_created_at_id_idx, sessions_tenant_id_project_id_last_message_at_id_idx;
alter table sessions drop column outcome;
alter table contacts drop column name_folded, drop column qualification, drop column score;
drop index contacts_tenant_id_project_id_updated_at_id_idx;
drop function folded;
