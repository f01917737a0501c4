"""A source archive has the same bytes whenever and by whomever it was made."""

from __future__ import annotations

import io
import runpy
import tarfile
from pathlib import Path

import pytest


def archive(path: Path, time: int, owner: str, names: list[str]) -> Path:
    with tarfile.open(path, "w:gz") as whole:
        folder = tarfile.TarInfo("package-1.0")
        folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o700, time
        whole.addfile(folder)
        for name in names:
            member = tarfile.TarInfo(f"package-1.0/{name}")
            member.size, member.mtime, member.uname, member.mode = 4, time, owner, 0o600
            whole.addfile(member, io.BytesIO(b"text"))
    return path


@pytest.fixture
def rewrite(repository):
    return runpy.run_path(str(repository / "requirements/reproducible.py"))["rewrite"]


def test_time_owner_mode_and_order_leave_no_trace(rewrite, tmp_path):
    one = archive(tmp_path / "one.tar.gz", 1, "anna", ["a.py", "b.py"])
    two = archive(tmp_path / "two.tar.gz", 2, "otto", ["b.py", "a.py"])
    assert one.read_bytes() != two.read_bytes()
    for path in (one, two):
        rewrite(path, 1_000_000_000)
    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as whole:
        assert whole.getnames() == ["package-1.0", "package-1.0/a.py", "package-1.0/b.py"]
        assert [oct(member.mode) for member in whole] == ["0o755", "0o644", "0o644"]
        assert whole.extractfile("package-1.0/a.py").read() == b"text"
