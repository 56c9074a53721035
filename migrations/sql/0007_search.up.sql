-- Finding messages by their words, and what changing, deleting and retrying them needs.

alter table messages
    add column metadata jsonb not null default '{}',
    add column retries integer not null default 0,
    add column deleted_at timestamptz;

-- Our own dictionary has no stop words: whoever looks for "não", or for "para o João", means all of it.
create text search dictionary ventros_stem (template = snowball, language = portuguese);
create text search configuration ventros_portuguese (parser = "default");
alter text search configuration ventros_portuguese add mapping for asciiword, word with ventros_stem;
alter text search configuration ventros_portuguese
    add mapping for numword, int, uint, float, sfloat, version, host, email, url, url_path, file,
        hword, asciihword, numhword, hword_part, hword_asciipart, hword_numpart with simple;

-- Without accents and case; plurals that the stemmer knows by their accents only become singulars.
create function search_fold(said text) returns text language sql immutable strict parallel safe return
    regexp_replace(regexp_replace(regexp_replace(
        folded(said),
        '(oes|aes|aos)\M', 'ao', 'g'), '(\w\w[aeou])is\M', '\1l', 'g'), 'ns\M', 'm', 'g');

-- Words only: else the parser makes hosts, signed numbers and paths of what people write.
create function search_vector(said text) returns tsvector language sql immutable strict parallel safe return
    to_tsvector('ventros_portuguese', regexp_replace(
        search_fold(left(said, 16384)), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f]+', ' ', 'g'));

-- What somebody typed: words, "words in a row", -without, or. Nothing that is typed is an error.
create function search_query(asked text) returns tsquery language sql immutable strict parallel safe return
    websearch_to_tsquery('ventros_portuguese', regexp_replace(regexp_replace(
        search_fold(translate(asked, '“”', '""')),
        '[\u0001-\u0021\u0023-\u002c\u002e\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f]+', ' ', 'g'),
        '(?<=\S)-|-(?![\w"])', ' ', 'g'));

-- The words that a query looks for, without those it leaves out; the longest first.
create function search_words(asked tsquery) returns text[] language sql immutable strict parallel safe return
    array(
        select found[1] from regexp_matches(querytree(asked), '''([^'']+)''', 'g') as found
        group by found[1] order by char_length(found[1]) desc, found[1]);

-- Where each word stands. A GIN index cannot serve here: `@@` is not leakproof, so row-level security keeps it
-- from the index; an equality of words is.
create table message_words (
    tenant_id uuid not null,
    project_id uuid not null,
    word text collate "C" not null,
    sent_at timestamptz not null,
    message_id uuid not null,
    primary key (tenant_id, project_id, word, sent_at, message_id)
);

create function keep_message_words() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        delete from message_words
        where tenant_id = old.tenant_id and project_id = old.project_id and sent_at = old.sent_at
          and message_id = old.id and word = any (tsvector_to_array(search_vector(old.text)));
    end if;
    if new.text is not null and new.deleted_at is null then
        insert into message_words (tenant_id, project_id, word, sent_at, message_id)
        select new.tenant_id, new.project_id, word, new.sent_at, new.id
        from unnest(tsvector_to_array(search_vector(new.text))) as word;
    end if;
    return null;
end $$;
create trigger keep_words_of_new after insert on messages for each row
    when (new.text is not null) execute function keep_message_words();
create trigger keep_words_of_changed after update on messages for each row
    when (row (old.text, old.sent_at, old.deleted_at) is distinct from row (new.text, new.sent_at, new.deleted_at))
    execute function keep_message_words();

-- The owner is bound by row-level security too, and must see what was said so far.
alter table messages no force row level security;
insert into message_words (tenant_id, project_id, word, sent_at, message_id)
select tenant_id, project_id, word, sent_at, id
from messages, unnest(tsvector_to_array(search_vector(text))) as word where text is not null;
alter table messages force row level security;
