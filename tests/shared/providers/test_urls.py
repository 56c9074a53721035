"""Which URLs may be kept, by the corpus and by spellings that are nobody's."""

import pytest

from shared.providers.urls import ForbiddenUrl, check_url
from tests.support.network import CORPUS, OWN


def permitted(url: str) -> bool:
    try:
        check_url(url, own=OWN)
    except ForbiddenUrl:
        return False
    return True


@pytest.mark.parametrize("row", [row for row in CORPUS if row["stage"] != "deliver"], ids=lambda row: row["id"])
def test_creating_with_a_url(row):
    assert permitted(row["url"]) == (row["verdict"] == "allow")


@pytest.mark.parametrize("row", [row for row in CORPUS if row["stage"] == "deliver"], ids=lambda row: row["id"])
def test_a_url_that_only_its_delivery_can_judge_may_be_kept(row):
    assert permitted(row["url"])


@pytest.mark.parametrize("url", ["http://localhost:3998/", "http://u@localhost:3999/", "http://localhost:3999#/"])
def test_vouching_covers_nothing_beside_it(url):
    with pytest.raises(ForbiddenUrl):
        check_url(url, frozenset({"localhost:3999"}))


@pytest.mark.parametrize(
    "url",
    [
        "https://bücher.example/x",
        "https://hooks.example.com:443/x",
        "https://hooks.example.com:8443",
        "https://a--b.example.com?x=1",
    ],
)
def test_ordinary_names_are_permitted(url):
    assert permitted(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com:/",
        "https://hooks.example.com:0443/",
        "https://hooks.example.com../",
        "https://8.8.8.8./",
        "https://[8.8.8.8]/",
        "https://[::1%25lo]/",
        "https://\u212aubernetes.default.svc/",
        "https://\u0661\u0662\u0667.\u0660.\u0660.\u0661/",
        "https://example.c0m/",
        "https://" + "a." * 130 + "com/",
        "https://" + "a" * 64 + ".com/",
        "https://a.example.com/" + "x" * 2048,
        "https://hooks.example.com/\ud800",
    ],
)
def test_odd_spellings_are_refused(url):
    assert not permitted(url)
