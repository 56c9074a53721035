-- Files that an import left with the provider are fetched by a later one; most messages have none, or have it here.

create index messages_media_left on messages (tenant_id, channel_id, sent_at, id)
    where media is not null and media_file_id is null and deleted_at is null;
