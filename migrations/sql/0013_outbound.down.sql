alter table messages
    drop column poll, drop column menu, drop column manner, drop column forwarded_from_id;
