"""What the report of a large trial costs: time and memory to make it, size of its pages, time to open the first one.

Usage: ``python benchmarks/report.py WORK [--of demo/results] [--copies 125]`` after ``make demo``.

The people of a finished trial are repeated under new names: 125 copies of the eight simulated people are 1,000. Tables,
records and registration pictures are repeated; pictures shrink to one pixel with the metadata of the original, for the
report reads no more of them. Opening is timed in Chromium, to the end of the first layout after the load event.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

COUNTED = ("n", "n_missing")
"""Columns of ``outcomes_imaging`` that the report compares with the participants it finds."""


def main() -> None:
    """Make the study, its report, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, metavar="WORK", help="a new folder for the large study")
    parser.add_argument("--of", type=Path, default=Path("demo/results"), help="the results folder to repeat")
    parser.add_argument("--copies", type=int, default=125)
    options = parser.parse_args()
    if not options.work.exists():
        repeat(options.of, options.work, options.copies)
    seconds, megabytes = made(options.work)
    report = options.work / "report"
    pages = list((report / "people").glob("*.html"))
    index = report / "index.html"
    print(f"{seconds:6.1f} s      pet-spect report, {len(pages)} pages of people")
    print(f"{megabytes:6.0f} MB     its memory at most")
    print(f"{index.stat().st_size / 1e6:6.2f} MB     index.html")
    print(f"{max(page.stat().st_size for page in pages) / 1e3:6.0f} kB     the largest page of a person")
    print(f"{opened(index):6.2f} s      to open index.html, 1280 px wide")
    print(f"{opened(index, 390):6.2f} s      to open index.html, 390 px wide")


def repeat(study: Path, work: Path, copies: int) -> None:
    """Write a results folder with each participant of another one `copies` times."""
    people = [path.name for path in sorted(study.glob("sub-*"))]
    names = [(person, f"{person}x{copy:03d}") for copy in range(copies) for person in people]
    (work / "tables").mkdir(parents=True)
    shutil.copy(study / "dataset_description.json", work)
    for table in (study / "tables").iterdir():
        if table.suffix == ".tsv":
            lines = table.read_text("utf-8").splitlines()
            repeated = repeated_lines(lines, names) if "participant_id" in lines[0].split("\t") else lines
            if table.stem == "outcomes_imaging":
                repeated = scaled(lines, copies)
            (work / "tables" / table.name).write_text("\n".join(repeated) + "\n", "utf-8")
        elif table.is_file():
            shutil.copy(table, work / "tables")
    for person, name in names:
        repeat_person(study, work, person, name)


def repeated_lines(lines: list[str], names: list[tuple[str, str]]) -> list[str]:
    """Return a table's lines with those of each participant under every new name."""
    place = lines[0].split("\t").index("participant_id")
    by_person: dict[str, list[list[str]]] = {}
    for line in lines[1:]:
        cells = line.split("\t")
        by_person.setdefault(cells[place], []).append(cells)
    rows = [
        "\t".join([*cells[:place], name, *cells[place + 1 :]])
        for person, name in names
        for cells in by_person.get(person, [])
    ]
    return [lines[0], *rows]


def scaled(lines: list[str], copies: int) -> list[str]:
    """Return a table's lines with its counts of people times the number of copies."""
    head = lines[0].split("\t")
    rows = [
        [
            str(int(text) * copies) if name in COUNTED else text
            for name, text in zip(head, line.split("\t"), strict=True)
        ]
        for line in lines[1:]
    ]
    return [lines[0], *("\t".join(row) for row in rows)]


def repeat_person(study: Path, work: Path, person: str, name: str) -> None:
    """Copy what the report reads of one participant, under a new name."""
    for file in [*(study / person).glob("xfm/*.json"), *(study / person).glob("*_uptake.*")]:
        renamed = work / name / file.relative_to(study / person).parent / file.name.replace(person, name)
        renamed.parent.mkdir(parents=True, exist_ok=True)
        renamed.write_text(file.read_text("utf-8").replace(person, name), "utf-8")
    folder = work / "figures" / name
    folder.mkdir(parents=True)
    for picture in (study / "figures" / person).glob("*.png"):
        with Image.open(picture) as image:
            metadata = PngInfo()
            for key, text in image.info.items():
                metadata.add_text(str(key), str(text).replace(person, name))
        Image.new("L", (1, 1)).save(folder / picture.name.replace(person, name), pnginfo=metadata)


def made(results: Path) -> tuple[float, float]:
    """Return the seconds and the most memory in MB of ``pet-spect report``."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pet_spect.cli", "report", str(results)], check=True)
    seconds = time.perf_counter() - begin
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def opened(page: Path, width: int = 1280) -> float:
    """Return the seconds from the navigation to the first layout after loading."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": width, "height": 900})
        begin = time.perf_counter()
        view.goto(page.resolve().as_uri())
        view.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        seconds = time.perf_counter() - begin
        browser.close()
    return seconds


if __name__ == "__main__":
    main()
