"""Whether built bundles can be measured; how fast they start is no question of a test."""

from io import StringIO

import pytest
from rich.console import Console

from infra.bench.cold import KEY, TOKEN
from infra.bundle.bundles import Workshop
from infra.bundle.sources import Sources
from tests.benchmarks.bundled import cold_starts, contestants
from tests.support.venvs import unreachable


def test_who_reads_is_measured_by_token_and_by_key_and_told_what_it_imports():
    if reason := unreachable():
        pytest.skip(reason)
    by_token, by_key = cold_starts(["get_contact"], 1, Console(file=StringIO()))
    assert (by_token.shows, by_key.shows) == (TOKEN, KEY)
    for each in (by_token, by_key):
        assert (each.name, each.kind, each.reads) == ("get_contact", "endpoint", True)
        assert each.milliseconds > 0
        assert each.ratio > 0
        assert "flask" not in each.imports
    assert by_token.imports["jwt"] > 0
    assert by_token.imports["shared"] > 0
    assert "jwt" not in by_key.imports


def test_nobody_is_refused_for_being_asked_in_every_round():
    """Sign-ins and what belongs to them are counted without a store, too: five a minute of one person."""
    if reason := unreachable():
        pytest.skip(reason)
    starts = cold_starts(["list_external_identities"], 2, Console(file=StringIO()))
    assert [each.shows for each in starts] == [TOKEN, KEY]


def test_a_service_is_not_measured_for_it_answers_nobody(tmp_path):
    assert list(contestants(Workshop(Sources.here()), ["relay_outbox"], tmp_path)) == []
