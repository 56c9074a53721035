"""The cold starts as a bar chart in SVG: one bar a bundle, the slowest first, with lines at the aims."""

from collections.abc import Sequence
from html import escape

from infra.bench.cold import READ_AIMS, WRITE_AIM, ColdStart
from infra.bench.picture import BAD, GOOD

WIDTH, LABELS, ROW, TOP, MARGIN = 960, 300, 16, 64, 190
NEUTRAL = "#546e7a"
COLOURS = {True: GOOD, False: BAD, None: NEUTRAL}


def draw(starts: Sequence[ColdStart], title: str) -> str:
    """An SVG of all ratios on one scale; a bar is red when its own aim is missed, and grey when it has none."""
    ordered = sorted(starts, key=lambda each: -each.ratio)
    full = max([*(each.ratio for each in ordered), WRITE_AIM.bound])
    height = TOP + ROW * len(ordered) + 24
    rows = "".join(_row(each, TOP + ROW * number, full) for number, each in enumerate(ordered))
    aims = sorted({1.0, WRITE_AIM.bound, *(aim.bound for aim in READ_AIMS.values())})
    lines = "".join(_line(bound, full, height) for bound in aims)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="11">'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="16" y="26" font-size="17" font-weight="bold">{escape(title)}</text>'
        f"{rows}{lines}</svg>\n"
    )


def _reach(ratio: float, full: float) -> float:
    return (WIDTH - LABELS - MARGIN) * ratio / full


def _row(start: ColdStart, top: int, full: float) -> str:
    width = _reach(start.ratio, full)
    first = f", {start.heaviest[0][0]} first" if start.heaviest else ""
    told = f"{start.ratio:.2f} ({start.milliseconds:.0f} ms{first})"
    return (
        f'<text x="{LABELS - 6}" y="{top + 11}" text-anchor="end">{escape(start.label)}</text>'
        f'<rect x="{LABELS}" y="{top + 2}" width="{width:.1f}" height="{ROW - 4}" fill="{COLOURS[start.met]}"/>'
        f'<text x="{LABELS + width + 5:.1f}" y="{top + 11}">{escape(told)}</text>'
    )


def _line(bound: float, full: float, height: int) -> str:
    across = LABELS + _reach(bound, full)
    return (
        f'<text x="{across:.0f}" y="{TOP - 8}" text-anchor="middle" fill="#555">{bound:g}</text>'
        f'<line x1="{across:.0f}" x2="{across:.0f}" y1="{TOP - 4}" y2="{height - 20}" stroke="#555"'
        ' stroke-dasharray="4 3"/>'
    )
