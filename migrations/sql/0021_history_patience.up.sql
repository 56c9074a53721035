-- A provider that tells the same page again is found out, one that is away is waited for, and what failed is tried again.

alter table history_chats add column last_page text;

alter table history_runs
    add column unanswered smallint not null default 0,
    add column waits smallint not null default 0,
    add column retries smallint not null default 0,
    add column resumes_at timestamptz;
create index history_runs_to_resume on history_runs (resumes_at) where resumes_at is not null;

drop policy ventros_relay_select on history_runs;
create policy ventros_relay_select on history_runs for select to ventros_relay
    using (status = 'running' or resumes_at is not null);
grant select (resumes_at) on history_runs to ventros_relay;
