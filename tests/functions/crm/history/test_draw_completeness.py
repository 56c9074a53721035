"""The picture of a channel's completeness."""

from xml.etree import ElementTree as ET

from shared.crm.history.drawing import COLOURS

SVG = "{http://www.w3.org/2000/svg}"


def drawn(past, days=184, as_=None):
    return past.shop.api.get(f"{past.path}/completeness.svg?days={days}", as_=as_ or past.shop.tenant.viewer)


def test_it_shows_a_row_for_each_chat_and_gaps_in_colour(past, world):
    past.fetches()
    answer = drawn(past)
    assert (answer.status_code, answer.content_type) == (200, "image/svg+xml")
    picture = ET.fromstring(answer.text)  # noqa: S314 - our own
    cells = [each for each in picture.iter(f"{SVG}rect") if each.find(f"{SVG}title") is not None]
    assert len(cells) == 12 * 184
    days = world.value("select count(*) from history_days")
    assert sum(each.get("fill") == COLOURS["complete"] for each in cells) == days
    world.run("update history_days set recovered = 1, present = present - 1 where present > 0")
    again = ET.fromstring(drawn(past).text)  # noqa: S314 - our own
    assert sum(each.get("fill") == COLOURS["recovered"] for each in again.iter(f"{SVG}rect")) == days + 1


def test_names_cannot_break_it(past, world):
    past.fetches()
    world.run("update contacts set name = '<script>&\"'")
    assert "<script>" not in drawn(past).text
    ET.fromstring(drawn(past).text)  # noqa: S314 - our own


def test_nothing_is_a_picture_too(past):
    assert ET.fromstring(drawn(past).text).tag == f"{SVG}svg"  # noqa: S314 - our own


def test_nobody_else_sees_it(past, other_tenant):
    assert drawn(past, as_=other_tenant.viewer).status_code == 404
    for days in (185, "07"):
        assert drawn(past, days=days).status_code == 400
