import subprocess
import sys

import pytest

from infra.demo.past import PICTURE
from infra.environment import ROOT


@pytest.mark.timeout(300)
def test_the_demo_runs_from_end_to_end_and_all_its_invariants_hold():
    command = [sys.executable, "-m", "infra.cli", "demo", "--fast"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert "All 18 invariants hold" in done.stdout
    assert "7 recovered" in done.stdout
    assert PICTURE.read_text().startswith("<svg")
    assert "Killed the functions' process" in done.stdout
    assert all(title in done.stdout for title in ("Uma rajada com foto", "Só áudio", "Um grupo"))
