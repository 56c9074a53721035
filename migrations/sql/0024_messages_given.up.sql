-- Old messages may come from whoever calls the API, and not from the channel's provider.

alter table history_runs drop constraint history_runs_kind_check,
    add constraint history_runs_kind_check check (kind in ('import', 'reconciliation', 'given'));
