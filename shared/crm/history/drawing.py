"""A picture of how complete a channel is: a row for each chat, a column for each day, gaps in colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from uuid import UUID

from shared.runtime.parsing import adapter
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

MOST_CHATS = 60
CELL, GAP, LEFT, TOP = 12, 2, 190, 64
LONGEST_LABEL = 26
COLOURS = {"complete": "#2e9e5b", "recovered": "#e0a526", "unknown": "#d1493f", "nothing": "#eceff1"}
SAID = {
    "complete": "all was here",
    "recovered": "was missing, is here now",
    "unknown": "could not be understood",
    "nothing": "nobody looked, or nothing was said",
}
# Those with gaps come first, then those in which most was said.
_CELLS = f"""
with days as (
    select coalesce(ch.merged_into_id, ch.id) as chat_id, d.day, sum(d.expected) as expected,
        sum(least(d.recovered + d.recovered_before, d.expected - d.unknown)) as recovered, sum(d.unknown) as unknown
    from history_days d join chats ch on ch.tenant_id = d.tenant_id and ch.id = d.chat_id
    where d.tenant_id = :tenant_id and d.channel_id = :channel_id and d.day >= :first
    group by 1, 2
), ranked as (
    select chat_id, row_number() over (
        order by sum(recovered) + sum(unknown) desc, sum(expected) desc, chat_id) as place
    from days group by chat_id
)
select json_build_object('chat_id', d.chat_id, 'label', coalesce(nullif(ch.subject, ''), co.name, ''), 'day', d.day,
    'expected', d.expected, 'recovered', d.recovered, 'unknown', d.unknown)
from days d join ranked r on r.chat_id = d.chat_id and r.place <= {MOST_CHATS}
join chats ch on ch.tenant_id = :tenant_id and ch.id = d.chat_id
left join contacts co on co.tenant_id = ch.tenant_id and co.id = ch.contact_id
order by r.place, d.day
"""  # noqa: S608 - our own words


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One chat's day."""

    chat_id: UUID
    label: str
    day: date
    expected: int
    recovered: int
    unknown: int

    @property
    def kind(self) -> str:
        if self.unknown:
            return "unknown"
        return "recovered" if self.recovered else "complete" if self.expected else "nothing"


def cells_of(uow: UnitOfWork, channel_id: UUID, first: date) -> list[Cell]:
    """What is known of the channel's chats since that day."""
    rows = uow.run(sql(_CELLS, tenant_id=uow.tenant_id, channel_id=channel_id, first=first))[0]
    return [adapter(Cell).validate_json(row[0] or "") for row in rows]


def draw(title: str, cells: Sequence[Cell], first: date, last: date) -> str:
    """The picture as SVG."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    chats = list(dict.fromkeys(cell.chat_id for cell in cells))
    known = {(cell.chat_id, cell.day): cell for cell in cells}
    width, height = LEFT + len(days) * CELL + 20, TOP + max(len(chats), 1) * CELL + 40
    size = f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="10" fill="#37474f">',
        f'<title>{escape(title)}</title><rect {size} fill="#ffffff"/>',
        f'<text x="12" y="22" font-size="14" font-weight="bold">{escape(title)}</text>',
        *_months(days),
    ]
    for row, chat_id in enumerate(chats):
        parts += _row(row, [known.get((chat_id, day)) for day in days], days)
    return "".join((*parts, *_legend(height - 14), "</svg>"))


def _months(days: Sequence[date]) -> list[str]:
    marks = [(number, day) for number, day in enumerate(days) if number == 0 or day.day == 1]
    return [f'<text x="{LEFT + number * CELL}" y="{TOP - 8}">{day:%d/%m}</text>' for number, day in marks]


def _row(row: int, cells: Sequence[Cell | None], days: Sequence[date]) -> list[str]:
    y = TOP + row * CELL
    label = next((cell.label for cell in cells if cell), "")[:LONGEST_LABEL] or "—"
    drawn = [f'<text x="{LEFT - 8}" y="{y + CELL - GAP - 1}" text-anchor="end">{escape(label)}</text>']
    for number, (cell, day) in enumerate(zip(cells, days, strict=True)):
        colour = COLOURS[cell.kind if cell else "nothing"]
        told = f"{cell.expected} expected, {cell.recovered} recovered, {cell.unknown} unknown" if cell else "nothing"
        place = f'x="{LEFT + number * CELL}" y="{y}" width="{CELL - GAP}" height="{CELL - GAP}"'
        drawn.append(f'<rect {place} rx="2" fill="{colour}"><title>{day}: {told}</title></rect>')
    return drawn


def _legend(y: int) -> list[str]:
    drawn, x = [], 12
    for kind, colour in COLOURS.items():
        drawn.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" rx="2" fill="{colour}"/>')
        drawn.append(f'<text x="{x + 14}" y="{y}">{SAID[kind]}</text>')
        x += 24 + 6 * len(SAID[kind])
    return drawn
