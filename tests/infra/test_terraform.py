"""What the code takes for granted of the cloud, and Terraform must make so."""

import re

from infra.environment import ROOT
from shared.crm.media.names import STAGED
from shared.runtime.spans import MESSAGE, SPANS

MODULES = ROOT / "terraform/modules"
WHOLE = re.MULTILINE | re.DOTALL


def resource(module: str, file: str, kind: str, name: str) -> str:
    """The text of one resource."""
    text = (MODULES / module / file).read_text()
    found = re.search(rf'^resource "{kind}" "{name}" {{\n(.*?)^}}$', text, WHOLE)
    assert found, f"{module} has no {kind} {name}"
    return found[1]


def test_what_was_brought_and_not_taken_over_leaves_the_bucket():
    bucket = resource("storage", "main.tf", "google_storage_bucket", "media")
    rules = re.findall(r"lifecycle_rule {.*?^  }$", bucket, WHOLE)
    (deleting,) = (rule for rule in rules if '"Delete"' in rule)
    assert re.findall(r'matches_prefix = \["(.+)"\]', deleting) == [STAGED]


def test_spans_wait_where_they_are_fetched():
    for kind in ("google_pubsub_topic", "google_pubsub_subscription"):
        text = resource("observability", "traces.tf", kind, "spans")
        assert re.findall(r'^  name +\= "(\w+)"', text, re.MULTILINE) == [SPANS]
    assert f'jsonPayload.message = \\"{MESSAGE}\\"' in (MODULES / "observability/traces.tf").read_text()


def test_the_migrator_is_handed_on_once_it_may_do_its_work():
    accounts = (MODULES / "accounts/main.tf").read_text()
    member = r"^  member += google_service_account\.migrator\.member$"
    bindings = re.findall(r'^resource "(\w+)" "(\w+)" {\n(.*?)^}$', accounts, WHOLE)
    needed = {f"{kind}.{name}" for kind, name, text in bindings if re.search(member, text, re.MULTILINE)}
    output = re.search(r'^output "migrator" {\n(.*?)^}$', (MODULES / "accounts/outputs.tf").read_text(), WHOLE)
    waited_for = re.search(r"depends_on = \[(.*?)\]", output[1] if output else "", WHOLE)
    assert len(needed) >= 2
    assert set(re.findall(r"[\w.]+", waited_for[1] if waited_for else "")) == needed
