import pytest

from shared.core.metrics.exposition import Gauge, Sample, exposition
from tests.support.prometheus import parse

AWKWARD = 'a "b" \\ c\nd, e="f"} 1'


def test_a_page_reads_as_it_was_meant():
    page = exposition(
        [
            Gauge(
                "kites_aloft", "Kites, in \\ the air\nnow.", (Sample(3), Sample(2.5, {"colour": AWKWARD, "size": ""}))
            ),
            Gauge("kites_lost", "None yet.", ()),
            Gauge("string_metres", "How long.", (Sample(1e-7), Sample(9007199254740992, {"kind": "silk"}))),
        ]
    )
    told = parse(page)
    assert set(told) == {"kites_aloft", "string_metres"}
    assert told["kites_aloft"].type == "gauge"
    assert told["kites_aloft"].of() == 3
    assert told["kites_aloft"].of(colour=AWKWARD, size="") == 2.5
    assert told["string_metres"].of() == 1e-7
    assert told["string_metres"].of(kind="silk") == 9007199254740992


def test_a_page_of_nothing_is_empty():
    assert exposition([]) == ""
    assert parse("") == {}


@pytest.mark.parametrize(
    "page",
    [
        "a 1",
        "a 1\n",
        "# TYPE a gauge\na one\n",
        "# TYPE a gauge\na 1\na 2\n",
        '# TYPE a gauge\na{b="c} 1\n',
        '# TYPE a gauge\na{b="c"d="e"} 1\n',
        "# TYPE a gauge\n# TYPE b gauge\na 1\n",
        "# TYPE a gauge\n# TYPE a gauge\n",
        "# TYPE a tally\na 1\n",
        "# HELP a x\n# HELP a y\n",
        "# TYPE a gauge\n\na 1\n",
    ],
)
def test_the_reader_refuses_what_is_not_the_format(page):
    with pytest.raises(ValueError, match=r"\w"):
        parse(page)
