"""A run that recorded everything, for tests that change one thing of it."""

from dataclasses import replace

from pet_spect import __version__
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.report.methods.run import Run
from pet_spect.results.analysis_plan import AnalysisPlan, PlanStatement
from pet_spect.results.provenance_record import Provenance
from pet_spect.results.registration.registration_record import Settings
from pet_spect.results.tables.columns import SUMMARY
from pet_spect.results.uptake.uptake_facts import ScanFacts, UptakeFacts

from ...records import WARP, lesion, record_of, registered

STEP = {"metric": "mattes", "iterations": [40, 4, 0], "gradient_step": 0.2, "flow_sigma": 4.0, "total_sigma": 1.0}
SETTINGS = Settings(
    gates={"similarity_min": 0.6, "overlap_min": 0.7},
    deformation={"first": STEP, "final": STEP | {"metric": "CC", "iterations": [12, 5, 0]}},
)
SOFTWARE = {"pet_spect": __version__, "python": "3.12.1", "antspyx": "0.6.3"}
MADE = Provenance(verb="normalise", inputs={}, parameters={}, software=SOFTWARE)
RECORD = record_of(
    "sub-01",
    registered("baseline", "FDG", "18FFDG"),
    leading="FDG",
    lesion=lesion("estimated"),
    warp=WARP,
    settings=SETTINGS,
    provenance=MADE,
)
FDG = {"label": "18FFDG", "datatype": "pet", "template": "FDG", "radionuclide": "F18", "radiopharmaceutical": ["fdg"]}
PLANNED = {
    "analysis": {"missing_data": "bounds", "multiplicity": "none", "order": ["FDG", "IMZ"]},
    "measure": {"misplacement_mm": "auto", "common_fwhm_mm": "auto", "treatment_radius_mm": 10},
    "protocol": {"FDG": {"start_minutes": None}},
    "sessions": ["baseline", "year1"],
    "tracers": {"FDG": FDG},
    "atlas": {"labels_sha256": "abcdef0123456789"},
}
STATEMENT = PlanStatement("5" * 64, "5" * 64, "Made under the first analysis plan.", (), True, 1)
RATIOS = {
    "region": {"Atlas": "CerebrA", "OwnAtlas": False, "TargetRegions": ["precentral"]},
    "reference": {"Definitions": {"pons": {"Regions": ["pons"], "Side": "both", "Exclude": []}}},
}
PROTOCOL = ScanProtocol(model="Biograph", reconstruction="OSEM", iterations=4.0, dose_mbq=200.0, duration_s=900.0)
SCAN = ScanFacts(session="baseline", tracer="FDG", status="measured", blur_mm=0.0, protocol=PROTOCOL)


def scan_row(**changes):
    row = {"participant_id": "sub-01", "session": "baseline", "tracer": "FDG", "status": "measured", "stage": "n/a"}
    row |= {"code": "n/a", "decision": "n/a", "simulated": "false", "not_compared": "n/a", "warnings": "n/a"}
    return row | changes


def summary_row(**changes):
    row = dict.fromkeys(SUMMARY, "n/a") | {"tracer": "FDG", "region": "precentral", "measure": "uptake_ratio"}
    row |= {"reference": "pons", "session": "year1", "quantity": "log_ratio", "analysis_set": "as_accepted", "n": "8"}
    return row | {"n_missing": "0", "n_undefined": "0", "n_apart": "0", "p": "0.02", "primary": "true"} | changes


def a_plan(**changes):
    return AnalysisPlan(PLANNED | changes, "5" * 64, None, results_existed=False)


def a_run():
    return Run(
        scans=[scan_row(), scan_row(session="year1")],
        summary=[summary_row()],
        ratios=RATIOS,
        records=[RECORD],
        uptakes=[UptakeFacts(misplacement_mm=0.8, min_coverage=0.9, scans=(SCAN, replace(SCAN, session="year1")))],
        plan=a_plan(),
        statement=STATEMENT,
        plan_fault=False,
        version=__version__,
        cvs={},
        decisions=[],
        readers=False,
        outcomes=[],
        correlated=False,
    )
