"""The BIDS validator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def errors_in(dataset: Path) -> set[tuple[str, str | None]]:
    """Return code and place of every error that the validator finds in a dataset."""
    validator = Path(sys.executable).with_name("bids-validator-deno")
    run = subprocess.run([validator, dataset, "--format", "json"], capture_output=True, text=True, check=False)
    issues = json.loads(run.stdout)["issues"]["issues"]
    return {(issue["code"], issue.get("location")) for issue in issues if issue["severity"] == "error"}
