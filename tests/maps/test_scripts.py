"""The tests of the scripts' pure functions, which stand beside them in static/src."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from app.config import ROOT

# Node of the system or, where there is none, the one that the virtual environment holds.
NODE = shutil.which("node", path=f"{os.environ.get('PATH', '')}{os.pathsep}{sys.prefix}/bin")


def test_pure_functions_of_the_scripts() -> None:
    if NODE is None:
        pytest.fail("there is no Node; `make build` installs it")
    done = subprocess.run([NODE, "run-tests.mjs"], cwd=ROOT / "static", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
