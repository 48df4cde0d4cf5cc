"""The reference is what the program says of itself."""

import subprocess
import sys

import pytest
from tests.docs.pages import ROOT
from tools.reference.writing import COMMAND


@pytest.mark.timeout(240)
def test_the_reference_is_up_to_date():
    found = subprocess.run(
        [sys.executable, "-m", "tools.reference", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, f"{found.stdout}{found.stderr}\nrun: {COMMAND} (or make docs)"
