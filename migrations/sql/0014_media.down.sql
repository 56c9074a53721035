alter table projects drop column media_kept_days;
alter table messages drop column media_file_id;
drop table media_files;
drop table media_objects;
