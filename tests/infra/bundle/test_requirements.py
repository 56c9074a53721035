import pytest
from packaging.requirements import Requirement

from infra.bundle.libraries import holder, with_dependencies
from infra.bundle.requirements import Requirements
from infra.bundle.sources import PROJECT, BundleError, Sources
from tests.infra.bundle.small import small


@pytest.fixture(scope="module")
def ours():
    return Requirements(Sources.here())


@pytest.mark.parametrize(
    ("imported", "distribution"),
    [
        ("jwt.PyJWTError", "pyjwt"),
        ("google.cloud.tasks_v2.CloudTasksClient", "google-cloud-tasks"),
        ("google.pubsub_v1.types.PublishRequest", "google-cloud-pubsub"),
        ("google.api_core.exceptions.NotFound", "google-api-core"),
        ("google.oauth2.credentials.Credentials", "google-auth"),
        ("pydantic_core.from_json", "pydantic-core"),
        ("grpc", "grpcio"),
    ],
)
def test_an_import_is_traced_to_the_distribution_that_brought_its_file(imported, distribution):
    assert holder(imported) == distribution


@pytest.mark.parametrize("imported", ["google", "google.nowhere", "no_such_library.at_all"])
def test_what_no_single_distribution_holds_is_an_error(imported):
    with pytest.raises(BundleError, match=f"{imported} is imported, and no library"):
        holder(imported)


def test_an_extra_is_taken_from_pyproject_as_no_import_tells_of_it(ours):
    assert "cryptography" in ours.names({"jwt"}, served=False)
    without = Requirements(small({PROJECT: "[project]\ndependencies = []\n[dependency-groups]\n"}))
    assert "cryptography" not in without.names({"jwt"}, served=False)


def test_what_is_needed_comes_with_all_that_it_needs_and_with_nothing_for_other_systems(ours):
    names = ours.names({"pg8000"}, served=False)
    assert names == {"pg8000", "python-dateutil", "scramp", "asn1crypto", "six"}
    assert {"click", "flask", "gunicorn"} < with_dependencies([Requirement("functions-framework")])
    assert "colorama" not in with_dependencies([Requirement("click")])


def test_a_function_is_served_by_the_framework_and_a_service_is_not(ours):
    assert "functions-framework" in ours.names(set(), served=True)
    assert ours.names(set(), served=False) == set()


def test_every_line_is_pinned_and_hashed_and_holds_where_functions_run(ours):
    text = ours.text(ours.names({"cryptography", "sqlalchemy"}, served=True))
    heads = [line for line in text.splitlines() if not line.startswith("    --hash=sha256:")]
    assert [head for head in heads if "==" not in head or ";" in head] == []
    assert "pycparser==" in text
    assert text.count("--hash=sha256:") > len(heads)


def test_what_the_lock_does_not_name_is_an_error():
    with pytest.raises(BundleError, match=r"flask: not in infra/locks/test\.txt"):
        Requirements(small(lock="click")).text({"click", "flask"})


def test_of_two_versions_the_one_for_the_newer_python_is_taken():
    lock = (
        "networkx==3.6.1 ; python_full_version < '3.12' \\\n    --hash=sha256:1\n"
        "networkx==3.7 ; python_full_version >= '3.12' \\\n    --hash=sha256:2\n"
        "pywin32==312 ; sys_platform == 'win32' \\\n    --hash=sha256:3\n"
    )
    pins = Requirements(small({"infra/locks/test.txt": lock})).pins
    assert pins == {"networkx": "networkx==3.7 \\\n    --hash=sha256:2"}


def test_a_distribution_that_is_not_installed_here_is_an_error():
    with pytest.raises(BundleError, match="no-such-thing is needed where functions run"):
        with_dependencies([Requirement("no-such-thing")])
