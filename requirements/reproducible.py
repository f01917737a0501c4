"""Rewrite source archives so that their bytes depend on their content and SOURCE_DATE_EPOCH alone.

python requirements/reproducible.py ARCHIVE.tar.gz ...
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
from pathlib import Path


def rewrite(path: Path, time: int) -> None:
    """Give every member one time, one owner and plain modes, in the order of the names."""
    with tarfile.open(path) as archive:
        members = [(member, archive.extractfile(member)) for member in archive.getmembers()]
        contents = [(member, None if file is None else file.read()) for member, file in members]
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, content in sorted(contents, key=lambda pair: pair[0].name):
            plain = tarfile.TarInfo(member.name)
            plain.type, plain.size, plain.mtime, plain.linkname = member.type, member.size, time, member.linkname
            plain.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            archive.addfile(plain, None if content is None else io.BytesIO(content))
    path.write_bytes(gzip.compress(whole.getvalue(), mtime=time))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite(Path(name), int(os.environ["SOURCE_DATE_EPOCH"]))
