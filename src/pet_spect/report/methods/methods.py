"""The methods text of a run, ready to be pasted into a manuscript."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pet_spect import __version__
from pet_spect.report.methods.citations import SNAKEMAKE, Cited
from pet_spect.report.methods.measurement import measurement_text, ratio_text
from pet_spect.report.methods.provenance import Provenance, provenance_of
from pet_spect.report.methods.registration import registration_text
from pet_spect.report.methods.run import Run, of_records, packages_of, read_run
from pet_spect.report.methods.scans import acquisition_text, scans_text
from pet_spect.report.methods.statistics import cited_words, outcomes_text, statistics_text
from pet_spect.report.methods.wording import counted, gap, joined
from pet_spect.report.results_folder import Results

_GAP = re.compile(r"(\[[^\[\]]+\])")


@dataclass(frozen=True)
class Paragraph:
    """One paragraph.

    Attributes
    ----------
    title, text : str
    """

    title: str
    text: str

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it is a gap that the author has to fill."""
        return [(part, _GAP.fullmatch(part) is not None) for part in _GAP.split(self.text) if part]


@dataclass(frozen=True)
class Methods:
    """The methods text of a run.

    Attributes
    ----------
    paragraphs : list of Paragraph
    references : list of str
        The works that the text cites.
    """

    paragraphs: list[Paragraph]
    references: list[str]

    @property
    def gaps(self) -> list[str]:
        """What the results do not say, each once."""
        texts = (gap for each in self.paragraphs for gap, is_gap in each.parts if is_gap)
        return list(dict.fromkeys(texts))

    @property
    def plain(self) -> str:
        """All of it as plain text."""
        paragraphs = [f"{each.title}. {each.text}" for each in self.paragraphs]
        return "\n\n".join([*paragraphs, "\n".join(["References", *self.references])])


def methods_part(results: Path, loaded: Results, *, with_outcomes: bool = True) -> dict[str, Methods | Provenance]:
    """Return ``methods`` and ``provenance`` of a results folder, as the first page shows them.

    Parameters
    ----------
    results : Path
    loaded : Results
        The tables of the folder.
    with_outcomes : bool, default True
        Whether clinical outcomes are part of the report.

    Raises
    ------
    TableError
        If the description of the dataset or a table is unusable.
    """
    run = read_run(results, loaded, with_outcomes=with_outcomes)
    return {"methods": methods_of(run), "provenance": provenance_of(run, results)}


def methods_of(run: Run) -> Methods:
    """Return the methods text of a run: what its results say was done, and gaps where they do not say it."""
    cited = Cited()
    texts = {
        "Participants and scans": scans_text(run, cited),
        "Acquisition": acquisition_text(run),
        "Registration": registration_text(run, cited),
        "Measurement": measurement_text(run, cited),
        "Ratios": ratio_text(run),
        "Statistics": statistics_text(run, cited),
        "Clinical outcomes": outcomes_text(run, cited),
        "Software": _software(run, cited),
    }
    paragraphs = [Paragraph(title, text) for title, text in texts.items() if text]
    return Methods(paragraphs, cited_words(cited.works))


def _software(run: Run, cited: Cited) -> str:
    """Return which versions worked, and that there were several if there were."""
    packages = joined(f"{name} {joined(versions)}" for name, versions in packages_of(run).items() if versions)
    known = f"{packages}{of_records(run)}" if packages else gap("versions of Python and its packages")
    records = Counter(record.software_version for record in run.records)
    sentences = []
    if records:
        by_version = [f"{number} ({counted(count, 'participant')})" for number, count in sorted(records.items())]
        sentences.append(f"Scans were registered by pet_spect {joined(by_version)} with {known}.")
    sentences.append(f"The tables were made by pet_spect {run.version or gap('version')}.")
    others = ({*records} | ({run.version} if run.version else set())) - {__version__}
    if others:
        sentences.append(
            f"Parts of the results were made by another version ({joined(sorted(others))}) than the one that wrote this"
            f" text ({__version__}): {gap('check the text against the methods of that version')}."
        )
    by_workflow = run.statement is not None and run.statement.sha256 is not None
    how = f"as a Snakemake workflow {cited(SNAKEMAKE)}" if by_workflow else gap("how: by the workflow, or by hand")
    sentences.append(f"The steps were run {how}.")
    return " ".join(sentences)
