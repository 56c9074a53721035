from xml.etree import ElementTree as ET

import pytest

from infra.bench.figures import Figure, at_least, at_most
from infra.bench.picture import BAD, GOOD, draw, reached

SVG = "{http://www.w3.org/2000/svg}"


def figure(ours, aim):
    return Figure(work="read <one>", peer="it & others", unit="ms", ours=ours, theirs=100.0, aim=aim)


@pytest.mark.parametrize(
    ("ours", "aim", "share"),
    [(100.0, at_most(2.0), 2.0), (400.0, at_most(2.0), 0.5), (60.0, at_least(1.2), 0.5), (240.0, at_least(1.2), 2.0)],
)
def test_one_is_just_the_aim_and_more_is_better_whichever_way_the_aim_points(ours, aim, share):
    assert reached(figure(ours, aim)) == pytest.approx(share)


def test_there_is_a_bar_for_every_aim_in_the_colour_of_its_success():
    figures = [figure(100.0, at_most(2.0)), figure(400.0, at_most(2.0)), figure(1.0, None)]
    root = ET.fromstring(draw(figures, "Title"))  # noqa: S314 - we drew it
    colours = [bar.get("fill") for bar in root.findall(f"{SVG}rect")]
    assert colours == ["white", GOOD, BAD]
