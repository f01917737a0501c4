"""Real brains and their mirror images through the whole workflow, beside what they must read.

Usage::

    python benchmarks/real/placed.py WORK                # study, workflow and table
    python benchmarks/real/placed.py WORK --open-gates   # accept beforehand what an eye may judge

The study in WORK holds every scan of ``real_fdg`` of the reference data (``PET_SPECT_EXTERNAL_DATA``) as a
participant of its own, its mirror image as another, and one participant whose second visit is mirrored, which must
be refused. Nobody has a lesion; ``lesion_side`` is left throughout, so the ratio to the contralateral side is left
over right. The exit status is 1 if a target is missed. Look at the pictures in ``WORK/results/figures`` as well.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import yaml

from pet_spect import __version__
from pet_spect.remarks import BY_EYE

sys.path.append(str(Path(__file__).resolve().parents[1] / "accuracy"))
from figures import markdown
from measured import SNAKEFILE, read

DATA = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data"))
SIDE_REFERENCE, CEREBELLUM_REFERENCE = "contralateral", "cerebellum_ipsilesional"
RECIPROCAL_TOLERANCE = 0.003
"""How far the ratios of a scan and of its mirror image may be from reciprocal."""

CEREBELLUM_TOLERANCE = 0.05
"""How far a ratio to the cerebellum may be from what another placement read in the same scan."""


@dataclass(frozen=True)
class RealScan:
    """A real scan of a brain without a lesion.

    Attributes
    ----------
    participant : str
    stem : str
        Of its image and sidecar in ``real_fdg``.
    left_over_right : (float, float)
        What precentral must read against the right side.
    over_cerebellum : float
        About what it reads against the cerebellum, as ``patterns/regional_uptake.tsv`` has it.
    """

    participant: str
    stem: str
    left_over_right: tuple[float, float]
    over_cerebellum: float

    @property
    def mirrored(self) -> str:
        """The participant that its mirror image is."""
        return f"{self.participant}mirrored"


SCANS = (
    RealScan("sub-persona", "person_a_pet", (1.00, 1.01), 1.21),
    RealScan("sub-groupmean", "fdg_group_mean", (0.99, 1.01), 1.09),
)
"""Person a was placed independently as well, which reads 1.002 to 1.007; the group mean is mirror-symmetric."""

MIRRORED_VISIT = "sub-mirroredvisit"


def _copied(source: Path, target: Path, *, mirrored: bool) -> None:
    """Copy an image and its sidecar; `mirrored`: its voxels along x about the middle of the image, same affine."""
    image = nib.load(source)
    if nib.aff2axcodes(image.affine)[0] not in ("L", "R"):
        raise SystemExit(f"{source}: the first voxel axis is {nib.aff2axcodes(image.affine)[0]}, needed L or R")
    stored = np.asanyarray(image.dataobj.get_unscaled())
    copy = nib.Nifti1Image(stored[::-1] if mirrored else stored, image.affine, image.header)
    copy.header.set_slope_inter(image.dataobj.slope, image.dataobj.inter)
    nib.save(copy, target)
    shutil.copy(_sidecar(source), _sidecar(target))


def _sidecar(image: Path) -> Path:
    """Return the JSON file beside an image."""
    return image.with_name(image.name.removesuffix(".nii.gz") + ".json")


def write_study(work: Path, *, open_gates: bool) -> None:
    """Write scans, tables and config; with `open_gates` also a qc.tsv that accepts every fault an eye may judge."""
    for folder in ("scans", "config"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    first = SCANS[0].stem
    visits = [(scan.participant, "baseline", scan.stem, False) for scan in SCANS]
    visits += [(scan.mirrored, "baseline", scan.stem, True) for scan in SCANS]
    visits += [(MIRRORED_VISIT, "baseline", first, False), (MIRRORED_VISIT, "year1", first, True)]
    rows = []
    for participant, session, stem, mirrored in visits:
        source = DATA / "real_fdg" / f"{stem}.nii.gz"
        path = f"scans/{participant}_ses-{session}.nii.gz"
        _copied(source, work / path, mirrored=mirrored)
        rows.append({"participant_id": participant, "session": session, "tracer": "FDG", "path": path})
    scans = pd.DataFrame(rows)
    people = pd.DataFrame({"participant_id": scans["participant_id"].unique()}).assign(lesion_side="left")
    _write(work / "config" / "scans.tsv", scans)
    _write(work / "config" / "participants.tsv", people)
    settings = {"participants": "config/participants.tsv", "scans": "config/scans.tsv"}
    signed_off = work / "config" / "qc.tsv"
    signed_off.unlink(missing_ok=True)
    if open_gates:
        _write(signed_off, _everything_accepted(scans))
    (work / "config" / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def _everything_accepted(scans: pd.DataFrame) -> pd.DataFrame:
    gates = pd.DataFrame({"code": sorted(code for code in BY_EYE if code.startswith("gate_"))})
    rows = scans[["participant_id", "session", "tracer"]].merge(gates, how="cross")
    return rows.assign(
        decision="accept", reason="benchmark of placement", initials="NN", time="2026-01-01", version=__version__
    )


def _write(path: Path, rows: pd.DataFrame) -> None:
    rows.to_csv(path, sep="\t", index=False, na_rep="n/a")


def run_workflow(work: Path, cores: int) -> None:
    """Run the whole workflow; its last step may fail, for it names scans that must be refused.

    Raises
    ------
    SystemExit
        If the tables or the report are not there afterwards.
    """
    command = [Path(sys.executable).parent / "snakemake", "-s", SNAKEFILE, "--directory", work]
    command += ["--configfile", work / "config" / "config.yaml", "--cores", str(cores), "--quiet", "--keep-going"]
    status = subprocess.run([str(word) for word in command], check=False).returncode
    needed = work / "results" / "report" / "index.html"
    if not needed.is_file():
        raise SystemExit(f"the workflow ended with exit status {status} and without {needed}")


def ratio(ratios: pd.DataFrame, participant: str, reference: str) -> float:
    """Return precentral over a reference at baseline; NaN where there is none."""
    chosen = ratios[
        (ratios["participant_id"] == participant)
        & (ratios["session"] == "baseline")
        & (ratios["tracer"] == "FDG")
        & (ratios["region"] == "precentral")
        & (ratios["measure"] == "uptake_ratio")
        & (ratios["reference"] == reference)
    ]
    return float(chosen["value"].iloc[0])


def outcome(work: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return what became of every scan beside its targets, and what is not as it must be."""
    status = read(work / "results" / "tables" / "scans.tsv")
    status = status[status["status"] != "missing"].set_index(["participant_id", "session"])
    ratios = read(work / "results" / "tables" / "ratios.tsv")
    rows, faults = [], []
    for scan in SCANS:
        low, high = scan.left_over_right
        bounds = {scan.participant: (low, high), scan.mirrored: (1 / high, 1 / low)}
        measured = {who: ratio(ratios, who, SIDE_REFERENCE) for who in bounds}
        for who, (least, most) in bounds.items():
            cerebellum = ratio(ratios, who, CEREBELLUM_REFERENCE)
            told = status.loc[who, "baseline"]
            rows.append(
                {
                    "participant": who,
                    "status": told["status"],
                    "code": told["code"],
                    "left/right": f"{measured[who]:.4f}",
                    "target": f"{least:.3f} to {most:.3f}",
                    "over cerebellum": f"{cerebellum:.3f}",
                    "about": f"{scan.over_cerebellum:.2f}",
                    "reason": told["reason"],
                }
            )
            if not least <= measured[who] <= most:
                faults.append(f"{who}: left/right {measured[who]:.4f}, needed {least:.3f} to {most:.3f}")
            if not abs(cerebellum / scan.over_cerebellum - 1) <= CEREBELLUM_TOLERANCE:
                faults.append(f"{who}: over cerebellum {cerebellum:.3f}, needed {scan.over_cerebellum} within 5 %")
        product = float(np.prod(list(measured.values())))
        print(f"{scan.participant}: direct x mirrored = {product:.4f}")
        if not abs(product - 1) <= RECIPROCAL_TOLERANCE:
            faults.append(f"{scan.participant}: direct x mirrored = {product:.4f}, needed 1 within 0.3 %")
    visits = status.loc[MIRRORED_VISIT]
    rows += [
        {"participant": f"{MIRRORED_VISIT} {session}", **visit[["status", "code", "reason"]].to_dict()}
        for session, visit in visits.iterrows()
    ]
    if not visits["code"].eq("gate_mirrored_visit").any():
        codes = ", ".join(map(str, visits["code"]))
        faults.append(f"{MIRRORED_VISIT}: found {codes}, needed gate_mirrored_visit")
    return pd.DataFrame(rows).fillna("").set_index("participant"), faults


def main() -> None:
    """Write the study, run it and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder of the study")
    parser.add_argument("--open-gates", action="store_true", help="accept in qc.tsv every gate that an eye may judge")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    work = options.work.resolve()
    write_study(work, open_gates=options.open_gates)
    run_workflow(work, options.cores)
    table, faults = outcome(work)
    print(markdown(table))
    for fault in faults:
        print(f"FAULT {fault}")
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
