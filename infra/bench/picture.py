"""The figures as a bar chart in SVG: every ratio to its aim, on one scale."""

from collections.abc import Sequence
from html import escape

from infra.bench.figures import Figure

WIDTH, LABELS, ROW, TOP = 960, 430, 30, 64
FULL = 2.0  # how many times its aim a bar can show
GOOD, BAD = "#2e7d32", "#c62828"


def draw(figures: Sequence[Figure], title: str) -> str:
    """An SVG with one bar per figure that has an aim; a bar beyond the line has reached it, whichever way it points."""
    aimed = [figure for figure in figures if figure.aim]
    height = TOP + ROW * len(aimed) + 24
    line = LABELS + (WIDTH - LABELS - 80) / FULL
    rows = "".join(_row(figure, TOP + ROW * number) for number, figure in enumerate(aimed))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="13">'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="16" y="26" font-size="17" font-weight="bold">{escape(title)}</text>'
        f'<text x="{line:.0f}" y="{TOP - 12}" text-anchor="middle" fill="#555">the aim</text>'
        f'{rows}<line x1="{line:.0f}" x2="{line:.0f}" y1="{TOP - 6}" y2="{height - 20}" stroke="#555"'
        ' stroke-dasharray="4 3"/></svg>\n'
    )


def _row(figure: Figure, top: int) -> str:
    reach = reached(figure)
    width = (WIDTH - LABELS - 80) * min(reach, FULL) / FULL
    colour = GOOD if figure.met else BAD
    told = f"{figure.judged:.2f} ({figure.aim})"
    return (
        f'<text x="{LABELS - 8}" y="{top + 17}" text-anchor="end">{escape(label(figure))}</text>'
        f'<rect x="{LABELS}" y="{top + 4}" width="{width:.1f}" height="{ROW - 10}" fill="{colour}"/>'
        f'<text x="{LABELS + width + 6:.1f}" y="{top + 17}">{escape(told)}</text>'
    )


def label(figure: Figure) -> str:
    return f"{figure.work}, to {figure.peer}" if figure.peer else figure.work


def reached(figure: Figure) -> float:
    """How much of its aim a figure has reached: 1 is just so, more is better. 0 when it has none."""
    if figure.aim is None:
        return 0.0
    pair = (figure.aim.bound, figure.judged)
    over, under = pair if figure.aim.at_most else reversed(pair)
    return over / under if under else 0.0
