"""The deploy guide: its commands are those that there are, and its figures are what they say they are."""

import json
import math
import re

import pytest

from infra import cli
from infra.environment import ROOT
from tests.support.functions import route

GUIDE = (ROOT / "terraform/README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
MINUTES = 2.5
SOME_ID = "01a22a38-fe58-7933-975f-c32bef76108c"


def test_every_command_of_ours_is_one_that_there_is():
    named = set(re.findall(r"python3 -m infra ([a-z-]+)", GUIDE))
    assert {"bundle", "publish", "smoke"} <= named
    # What is said of costs is another command's, which the guide only points to.
    assert named <= set(cli.COMMANDS)


def test_every_variable_and_target_is_one_that_terraform_has():
    variables = set(re.findall(r'^variable "(\w+)"', (ROOT / "terraform/variables.tf").read_text(), re.MULTILINE))
    outputs = set(re.findall(r'^output "(\w+)"', (ROOT / "terraform/outputs.tf").read_text(), re.MULTILINE))
    modules = set(re.findall(r'^module "(\w+)"', (ROOT / "terraform/main.tf").read_text(), re.MULTILINE))
    assert set(re.findall(r"-var (\w+)=", GUIDE)) <= variables
    assert set(re.findall(r"-target=module\.(\w+)", GUIDE)) <= modules
    assert set(re.findall(r"tf output (?:-raw )?(\w+)", GUIDE)) <= outputs
    assert {file.name for file in (ROOT / "terraform/environments").iterdir()} >= {"dev.tfvars", "prod.tfvars"}


def calls():
    """The method and the path of each call of ours, as curl would make it."""
    for command in GUIDE.split("curl ")[1:]:
        for path in re.findall(r"\$BASE(/[\w/$-]+)", command)[:1]:
            yield "POST" if re.search(r"-X POST| -d '", command) else "GET", path.replace("$CHANNEL", SOME_ID)


@pytest.mark.parametrize(("method", "path"), [*calls()])
def test_every_call_goes_to_a_function(method, path):
    assert route(method, path)


def test_it_leads_from_an_account_to_a_paired_phone():
    names = [spec.name for spec in (route(method, path) for method, path in calls()) if spec]
    assert names == [
        "register",
        "create_api_key",
        "create_agent",
        "create_channel",
        "configure_channel_webhook",
        "get_channel_webhook",
        "get_channel_qr",
        "list_inbound_deliveries",
        "get_metrics",
    ]


def test_what_is_posted_is_json():
    bodies = re.findall(r"-d '([^']*)'", "\n".join(BLOCKS).replace("'$BOT'", "BOT"))
    assert len(bodies) == 5
    assert all(json.loads(body) for body in bodies)


def test_the_minutes_are_what_the_quota_makes_them():
    rows = re.findall(r"^\| (\d+) \| (\d+) \| ([\d.]+) \|$", GUIDE, re.MULTILINE)
    assert len(rows) == 3
    for functions, at_once, minutes in rows:
        assert math.ceil(int(functions) / int(at_once)) * MINUTES == float(minutes)
    deployed = len(json.loads((ROOT / "infra/manifest.json").read_text())["functions"])
    assert int(rows[0][0]) == pytest.approx(deployed, rel=0.25)
    usual = re.search(r'_AT_ONCE: "(\d+)"', (ROOT / "cloudbuild.yaml").read_text())
    assert usual is not None
    assert usual[1] == rows[0][1]
    most = max(int(at_once) for _, at_once, _ in rows)
    assert f"{round(2 * most / MINUTES)} a minute" in GUIDE


def test_what_is_kept_by_hand_is_what_cloud_build_keeps():
    kept = re.compile(r"tar -czf (.*?)(?: &&)?\n\s+gcloud storage cp (\S+)", re.DOTALL)
    by_hand = kept.search(GUIDE)
    by_cloud_build = kept.search((ROOT / "cloudbuild.yaml").read_text())
    assert by_hand is not None
    assert by_cloud_build is not None
    assert [each.split() for each in by_hand.groups()] == [each.split() for each in by_cloud_build.groups()]


def test_every_file_it_points_to_is_there():
    links = [link for link in re.findall(r"\]\((?!https?://)([^)#]+)", GUIDE) if link]
    assert links
    assert all((ROOT / "terraform" / link).exists() for link in links)


def block(text: str, name: str) -> list[str]:
    """A table of a file of Terraform's, word by word."""
    found = re.search(rf"^ *{name} = {{\n.*?^ *}}$", text, re.MULTILINE | re.DOTALL)
    return found[0].split() if found else []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_what_is_planned_in_tests_is_what_an_environment_says(environment):
    said = (ROOT / f"terraform/environments/{environment}.tfvars").read_text()
    tests = (ROOT / "terraform/tests/environments.tftest.hcl").read_text()
    planned = tests.partition(f'environment = "{environment}"')[2]
    for name in ("instances", "database", "pooler"):
        assert block(said, name)
        assert block(said, name) == block(planned, name)
