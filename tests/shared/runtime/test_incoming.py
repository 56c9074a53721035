import subprocess
import sys

from infra.environment import ROOT

HEAVY = ("pydantic", "sqlalchemy", "jwt", "cryptography", "grpc")
PROGRAM = f"""
import sys
import functions.crm.contacts.get_contact
print(*(name for name in {HEAVY} if name in sys.modules))
"""


def test_who_reads_one_thing_by_its_id_does_not_wait_for_what_it_does_not_need():
    run = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
