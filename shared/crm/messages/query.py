"""Finding messages by their words: which those are, in what order, and where in the text they stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from shared.crm.messages.view import MESSAGES, MessageView, parents_if_any
from shared.runtime.paging import PageQuery
from shared.runtime.query import CALLERS_PROJECT, Page, Source, page


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """A piece of a message's text, as it was written; `match` says that it is a word that was looked for."""

    text: str
    match: bool


@dataclass(frozen=True, kw_only=True)
class FoundMessageView(MessageView):
    """`snippet` is the text around the first word that was found; its pieces in a row are the text itself."""

    snippet: list[Fragment]


_WORDS = "search_words(search_query(:wanted))"
# Whose word is the rarest has the least to look through; those with more than a few are all the same.
_RAREST = f"""(
select word from unnest({_WORDS}) as asked (word)
order by (
    select count(*) from (
        select from message_words few
        where few.project_id = {CALLERS_PROJECT} and few.word = asked.word limit 1000) as counted),
    char_length(word) desc
limit 1)"""  # noqa: S608 - our own words
_STANDS_THERE = """
select from message_words w
where w.tenant_id = f.tenant_id and w.project_id = f.project_id and w.sent_at = f.sent_at and w.message_id = f.id
  and w.word = other.word"""
# One word leads through the index, newest first; the others are looked up in it before a message is.
_ALL = f"f.word = {_RAREST} and (select bool_and(exists ({_STANDS_THERE})) from unnest({_WORDS}) as other (word))"  # noqa: S608 - our own words
# A message that holds several of the words is found by the first of them only.
_ANY = f"""f.word = any({_WORDS}) and not exists (
select from unnest({_WORDS}) as other (word) where other.word < f.word and exists ({_STANDS_THERE}))"""
_FITS = "search_vector(m.text) @@ (select search_query(:wanted))"
_SNIPPET = rf"""
select coalesce(json_agg(json_build_object('text', text, 'match', match) order by place), '[]'::json)
from (
    select string_agg(part, '' order by place) as text, match, min(place) as place
    from (
        select place, part, match, place - row_number() over (partition by match order by place) as island
        from (
            select place, part, match, coalesce(min(place) filter (where match) over (), 1) as first
            from (
                select part[1] as part, place,
                    part[1] ~ '\w' and tsvector_to_array(search_vector(part[1])) && (select {_WORDS}) as match
                from regexp_matches(left(normalize(m.text, NFC), 4096), '\w+|\W+', 'g')
                    with ordinality as parts (part, place)
            ) as read
        ) as near
        where place between first - 20 and first + 40
    ) as islands
    group by match, island
) as fragments"""  # noqa: S608 - our own words

FOUND = Source(
    view=FoundMessageView,
    tables="""
    (select tenant_id, project_id, word, sent_at, message_id as id from message_words) f
    join messages m on m.tenant_id = f.tenant_id and m.id = f.id""",
    alias="f",
    columns={
        **{each.name: f"m.{each.name}" for each in fields(MessageView) if each.name not in {"id", "sent_at"}},
        **MESSAGES.columns,
        "snippet": _SNIPPET,
    },
    where=f"m.deleted_at is null and f.project_id = {CALLERS_PROJECT} and {_FITS}",
    filters=MESSAGES.filters,
    sorts=("sent_at",),
    default_sort="sent_at:desc",
    noun="message",
)


def find(wanted: str, filters: Mapping[str, str], paging: PageQuery) -> Page[FoundMessageView]:
    """A page of the messages that say what is asked for, the latest first. 404: whose they shall be is not there."""
    exists, values = parents_if_any(filters)
    either = re.search(r"(?<!\w)or(?!\w)", wanted, re.IGNORECASE)
    return page(FOUND, paging, filters, where=_ANY if either else _ALL, exists=exists, wanted=wanted, **values)
