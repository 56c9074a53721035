import json
import re

import pytest


@pytest.fixture
def page(api):
    answer = api.get("/docs")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    return answer


def embedded(text):
    found = re.search(r'<script type="application/json" id="document">(.*?)</script>', text, re.DOTALL)
    assert found
    return found[1]


def test_the_page_holds_the_description_itself(api, page):
    assert json.loads(embedded(page.text)) == api.get("/openapi.json").json
    assert "{{" not in page.text


def test_nothing_in_the_description_can_end_its_element(page):
    assert "<" not in embedded(page.text)


def test_the_page_fetches_nothing(page):
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert not re.search(r'(src|href)="(https?:)?//|@import|\burl\(|fetch\(', page.text)
