"""The deploy, step by step as Cloud Build would take it, with programs in the place of the cloud's that write down what
they are told."""

import re
import shutil
import subprocess

import pytest
from ruamel.yaml import YAML

from infra.environment import ROOT

GIVEN = {
    "_APPLY": "yes",
    "_ENVIRONMENT": "prod",
    "_REGION": "southamerica-east1",
    "_STATE_BUCKET": "the-state",
    "_BUNDLES": "the-bundles",
    "_REPOSITORY": "the-region/images",
    "PROJECT_ID": "the-project",
}
TOLD = 'echo "$(basename "$0") $*" >> "$LOG"\n'
FAILS = 'case "$*" in $BREAKS) exit 1 ;; esac\n'
PROGRAMS = {
    "terraform": 'case "$*" in *output*) echo https://ventros.example.com ;; esac\n',
    # A bucket is a folder.
    "gcloud": 'in=$(echo "$3" | sed "s|gs://|$BUCKETS/|"); out=$(echo "$4" | sed "s|gs://|$BUCKETS/|")\n'
    'mkdir -p "$(dirname "$out")"; cp "$in" "$out"\n',
    "python3": 'case "$*" in *publish*) echo "{}" > build/artefacts.tfvars.json ;; esac\n'
    'case "$*" in *venv*) mkdir -p "$3/bin"; echo "#!/bin/sh" > "$3/bin/pip"; chmod +x "$3/bin/pip" ;; esac\n',
    "docker": "",
    "apt-get": "",
}


class Build:
    """One build after the other of a repository, in the same cloud."""

    def __init__(self, folder):
        self.workspace, self.log, self.buckets = folder / "workspace", folder / "log", folder / "buckets"
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name, does in PROGRAMS.items():
            (self.programs / name).write_text(f"#!/bin/sh\n{TOLD}{FAILS}{does}")
            (self.programs / name).chmod(0o755)
        self.told = YAML(typ="safe").load(ROOT / "cloudbuild.yaml")

    def run(self, breaks="nothing", version="1", **given):
        """Whether the build succeeded, and what the programs were told."""
        shutil.rmtree(self.workspace, ignore_errors=True)
        for name in ("terraform/main.tf", "infra/manifest.json", "infra/gateway.json"):
            (self.workspace / name).parent.mkdir(exist_ok=True, parents=True)
            (self.workspace / name).write_text(version)
        self.log.write_text("")
        succeeded = self.steps({**self.told["substitutions"], **GIVEN, **given}, breaks)
        return succeeded, self.log.read_text().splitlines()

    def steps(self, given, breaks):
        for step in self.told["steps"]:
            done = subprocess.run(
                ("/bin/sh", "-c", step["script"]),
                cwd=self.workspace,
                env=self.environment(given, breaks),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode and not step.get("allowFailure"):
                return False
        return True

    def environment(self, given, breaks):
        pairs = (line.split("=", 1) for line in self.told["options"]["env"])
        known = {name: re.sub(r"\$\{?(\w+)\}?", lambda found: given[found[1]], value) for name, value in pairs}
        ours = {"PATH": f"{self.programs}:/usr/bin:/bin", "LOG": self.log, "BUCKETS": self.buckets, "BREAKS": breaks}
        return {**known, **given, **{name: str(value) for name, value in ours.items()}}


@pytest.fixture
def build(tmp_path):
    return Build(tmp_path)


def done(log):
    """What changes something, in short."""
    words = {
        "infra test": "test",
        "infra check": "check",
        "infra bundle": "bundle",
        "infra publish": "publish",
        "terraform plan": "plan",
        "-target=module.migration": "migrate",
        "=terraform apply": "apply",
        "infra smoke": "smoke",
        "build/previous/terraform apply": "take back",
        "storage cp build/release": "keep",
    }
    return [next((short for part, short in words.items() if part in line), None) for line in log]


def taken(log):
    return [short for short in done(log) if short]


WHOLE = ["test", "test", "check", "bundle", "publish", "plan", "migrate", "apply", "smoke", "keep"]


def test_what_is_pushed_is_tried_before_and_after_it_is_deployed(build):
    succeeded, log = build.run()
    assert succeeded
    assert taken(log) == WHOLE
    assert (build.buckets / "the-bundles/releases/current.tar.gz").exists()
    smoke = next(line for line in log if "infra smoke" in line)
    assert "--url https://ventros.example.com --project the-project" in smoke
    assert not any("--only-say" in line for line in log)


def test_a_pull_request_changes_nothing(build):
    succeeded, log = build.run(_APPLY="no")
    assert succeeded
    assert taken(log) == ["test", "test", "check", "bundle", "publish", "plan"]
    assert any("publish --only-say" in line for line in log)
    assert not build.buckets.exists()
    assert "terraform -chdir=terraform plan -lock=false -refresh=false" in log


def test_what_is_to_be_applied_is_planned_from_what_is_there(build):
    _, log = build.run()
    assert "terraform -chdir=terraform plan" in log


@pytest.mark.parametrize("breaks", ["*test*", "*check*", "*bundle*", "*publish*", "*terraform?plan*", "*migration*"])
def test_what_fails_before_anything_is_deployed_ends_it_there(build, breaks):
    build.run()
    succeeded, log = build.run(breaks)
    assert not succeeded
    assert not {"apply", "smoke", "take back", "keep"} & set(taken(log))


@pytest.mark.parametrize("breaks", ["*chdir=terraform?apply", "*smoke*"])
def test_what_does_not_hold_is_replaced_by_what_held_before(build, breaks):
    assert build.run(version="held")[0]
    succeeded, log = build.run(breaks, version="does not hold")
    assert not succeeded
    assert taken(log)[-1] == "take back"
    assert "keep" not in taken(log)
    previous = build.workspace / "build/previous"
    for name in ("terraform/main.tf", "infra/manifest.json", "infra/gateway.json"):
        assert (previous / name).read_text() == "held"
    assert (previous / "build/artefacts.tfvars.json").exists()
    # What is gone back to the next time is still what held.
    again, log = build.run("*smoke*", version="does not hold either")
    assert not again
    assert (previous / "terraform/main.tf").read_text() == "held"


def test_the_first_deploy_has_nothing_to_go_back_to(build):
    succeeded, log = build.run("*smoke*")
    assert not succeeded
    assert not {"take back", "keep"} & set(taken(log))


def test_the_schema_is_brought_up_before_the_code_that_needs_it_and_never_taken_back(build):
    build.run()
    _, log = build.run("*smoke*")
    steps = taken(log)
    assert steps.index("migrate") < steps.index("apply")
    assert steps.count("migrate") == 1


def test_terraform_is_told_where_it_is_and_what_to_deploy(build):
    told = build.environment({**build.told["substitutions"], **GIVEN}, "")
    assert told["TF_CLI_ARGS_init"] == "-backend-config=bucket=the-state -backend-config=prefix=ventros/prod"
    assert "-parallelism=8 -var-file=environments/prod.tfvars" in told["TF_CLI_ARGS_apply"]
    assert told["TF_CLI_ARGS_plan"].split()[-1] == told["TF_CLI_ARGS_apply"].split()[-1]


def test_the_triggers_say_all_that_a_build_must_know(build):
    module = (ROOT / "terraform/modules/ci/main.tf").read_text() + (ROOT / "terraform/main.tf").read_text()
    said = set(re.findall(r"^\s+.*?(_[A-Z_]+) += ", module, re.MULTILINE)) | set(re.findall(r"(_[A-Z]+) = ", module))
    assert set(build.told["substitutions"]) - said == {"_AT_ONCE"}
