drop policy ventros_relay_select on history_runs;
create policy ventros_relay_select on history_runs for select to ventros_relay using (status = 'running');
alter table history_runs drop column resumes_at, drop column retries, drop column waits, drop column unanswered;
alter table history_chats drop column last_page;
