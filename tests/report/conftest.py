"""A small results folder, made of tables and pictures that a test can change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pet_spect.report.page import write_report
from pet_spect.results import layout
from pet_spect.results.registration.registration_record import LesionEntry, WarpEntry, write_registration_record
from pet_spect.results.tables.columns import CHANGE, RATIOS, SCANS, SUMMARY, Columns
from pet_spect.tsv import write_table

from ..records import WARP, record_of, registered

LABELS = {"FDG": "18FFDG", "IMZ": "123IIMZ"}
HOW_SURE = (
    "value_sd",
    "ci95_low",
    "ci95_high",
    "change_percent_sd",
    "change_percent_ci95_low",
    "change_percent_ci95_high",
)
PRIMARY = {"FDG": "cerebellum_ipsilesional", "IMZ": "pons"}
SESSIONS = ("baseline", "year1")


@dataclass
class Study:
    """What the tables say; a test changes it before it writes it."""

    people: list[str]
    scans: list[dict[str, Any]] = field(default_factory=list)
    ratios: list[dict[str, Any]] = field(default_factory=list)
    change: list[dict[str, Any]] = field(default_factory=list)
    summary: list[dict[str, Any]] = field(default_factory=list)
    lesion: LesionEntry | None = None
    warps: dict[str, WarpEntry] = field(default_factory=dict)

    def scan(self, person: str, session: str, tracer: str) -> dict[str, Any]:
        wanted = {"participant_id": person, "session": session, "tracer": tracer}
        return next(row for row in self.scans if wanted.items() <= row.items())

    def lose(self, person: str, session: str, tracer: str, status: str, reason: str, **told: str) -> None:
        """Take a scan out of the study."""
        self.scan(person, session, tracer).update(status=status, reason=reason, **told)
        for row in self.change:
            if (row["participant_id"], row["tracer"]) == (person, tracer):
                visit = "baseline" if session == "baseline" else "follow_up"
                row.update(dict.fromkeys((visit, "change", "change_percent", *HOW_SURE)))
                row.update(qc="fail", included=False, reason=f"{session}: {reason}")

    def _count(self) -> None:
        """Let n of each primary row be that of the changes, unless a test has set it."""
        for row in self.summary:
            if row["primary"] and row["n"] == len(self.people):
                names = ("tracer", "region", "measure", "reference", "session")
                alike = [each for each in self.change if all(each[name] == row[name] for name in names)]
                if row["analysis_set"] == "all":
                    row["n"] = sum(each["change"] is not None for each in alike)
                else:
                    row["n"] = sum(bool(each["included"]) for each in alike)

    def write(self, results: Path, *, change_columns: Columns = CHANGE) -> Path:
        self._count()
        for name, columns in (("scans", SCANS), ("ratios", RATIOS), ("change", change_columns), ("summary", SUMMARY)):
            write_table(results / "tables" / f"{name}.tsv", columns, getattr(self, name))
        for person in self.people:
            listed = [row for row in self.scans if row["participant_id"] == person and row["status"] != "missing"]
            entries = [registered(row["session"], row["tracer"]) for row in listed]
            record = record_of(person, *entries, lesion=self.lesion, warp=self.warps.get(person, WARP))
            write_registration_record(results / layout.registration_record(person), record)
            for row in listed:
                _write_picture(results, person, row["session"], row["tracer"])
        return results


def _write_picture(results: Path, person: str, session: str, tracer: str) -> None:
    write_picture(results / layout.registration_figure(person, session, LABELS[tracer]), person, session, tracer)


def write_picture(
    path: Path, person: str, session: str, tracer: str, image: Image.Image | None = None, **more: str
) -> None:
    """Write a picture that says which scan it shows, as those of `pet-spect figures` do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = PngInfo()
    for name, text in {"Participant": person, "Session": session, "Tracer": tracer, **more}.items():
        told.add_text(name, text)
    (image or Image.new("L", (40, 40))).save(path, pnginfo=told)


def _fill(study: Study, number: int, person: str, tracer: str) -> None:
    before, after = 0.80 + 0.01 * number, 0.85 + 0.013 * number
    kind = {"region": "precentral", "measure": "uptake_ratio"}
    for reference in (PRIMARY[tracer], "contralateral"):
        same = {"participant_id": person, "tracer": tracer, **kind, "reference": reference}
        for session, value in zip(SESSIONS, (before, after), strict=True):
            study.ratios.append(
                {**same, "session": session, "lesion_side": ("left", "right")[number % 2], "value": value}
                | {"value_sd": 0.01, "ci95_low": value - 0.03, "ci95_high": value + 0.03, "placement_sd": 0.02}
                | {"repeat_ci95_low": value - 0.0196, "repeat_ci95_high": value + 0.0196}
                | {"noise_sd": 0.008, "own_sd": 0.009}
                | {"numerator": 8000.0 * value, "denominator": 8000.0, "qc": "pass", "reason": None}
            )
        change = after - before
        study.change.append(
            {**same, "session": "year1", "baseline": before, "follow_up": after, "change": change}
            | dict.fromkeys(HOW_SURE, 0.0123)
            | {"change_percent": 100 * change / before, "qc": "pass", "included": True, "reason": None}
        )
    for session in SESSIONS:
        study.scans.append(
            {"participant_id": person, "session": session, "tracer": tracer, "status": "measured", "stage": None}
            | {"code": None, "reason": None, "warnings": None, "days_since_treatment": None}
            | {"uptake_minutes": None, "not_compared": None}
            | {"decision": None, "sign_off": None, "simulated": False}
        )


def _summary(tracer: str, reference: str, quantity: str, scale: float, n: int) -> dict[str, Any]:
    is_primary = reference == PRIMARY[tracer] and quantity == "log_ratio"
    return {
        **dict.fromkeys(SUMMARY),
        "tracer": tracer,
        "region": "precentral",
        "measure": "uptake_ratio",
        "reference": reference,
        "session": "year1",
        "quantity": quantity,
        "analysis_set": "as_accepted",
        "role": "primary" if is_primary else "secondary" if reference == PRIMARY[tracer] else "sensitivity",
        "n": n,
        "n_undefined": 0,
        "n_missing": 0,
        "n_apart": 0,
        "mean_change": 0.0634567 * scale,
        "sd": 0.0071 * scale,
        "ci95_low": 0.0567891 * scale,
        "ci95_high": 0.0701234 * scale,
        "p": 0.00123,
        "hodges_lehmann": 0.063 * scale,
        "hl_ci_low": 0.056 * scale,
        "hl_ci_high": 0.071 * scale,
        "p_wilcoxon": 0.0078125,
        "p_sign_flip": 0.0078125,
        "p_smallest": 0.0078125,
        "primary": is_primary,
    }


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    """Return a function that makes a study in which every scan was measured."""

    def make(people: int = 4) -> Study:
        study = Study([f"sub-{number:02d}" for number in range(1, people + 1)])
        for number, person in enumerate(study.people):
            for tracer in PRIMARY:
                _fill(study, number, person, tracer)
        for tracer, primary in PRIMARY.items():
            for reference in (primary, "contralateral"):
                for quantity, scale in (("change", 1.0), ("change_percent", 110.0), ("log_ratio", 1.05)):
                    study.summary.append(_summary(tracer, reference, quantity, scale, people))
        return study

    return make


ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="session")
def browser(need_tool):
    chromium = need_tool("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """Return a function that opens a file offline and gives the page and what it complained about or asked for."""
    contexts = []

    def opened(path, width):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        contexts.append(context)
        page = context.new_page()
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url))
        page.goto(path.as_uri())
        return page, [item for item in heard if item != path.as_uri() and not item.startswith("data:")]

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def report(make_study, tmp_path):
    study = make_study(14)
    for row in study.scans:
        row["simulated"] = True
    study.lose("sub-03", "year1", "IMZ", "refused", "no orientation " * 20, stage="convert", code="nm_orientation")
    return write_report(study.write(tmp_path))
