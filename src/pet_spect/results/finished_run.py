"""The check that a folder is the results folder of a finished run."""

from __future__ import annotations

from pathlib import Path

from pet_spect.errors import TableError


def check_finished(results: Path, table: str) -> None:
    """Refuse a folder that has not a table which every finished run has.

    Parameters
    ----------
    results : Path
    table : str
        Name of the table without its ending.

    Raises
    ------
    TableError
        With the folder that was probably meant, if it lies below.
    """
    name = f"tables/{table}.tsv"
    if (results / name).is_file():
        return
    below = results / "results"
    hint = f"; did you mean {below}?" if (below / name).is_file() else ""
    raise TableError(f"{results}: holds no {name}, so it is no results folder of a finished run{hint}")
