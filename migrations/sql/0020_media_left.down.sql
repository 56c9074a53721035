drop index messages_media_left;
