from dataclasses import replace

import pytest

from pet_spect import __version__
from pet_spect.model import Refusal
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.remarks import Remark
from pet_spect.report.methods.methods import Paragraph, methods_of
from pet_spect.results.analysis_plan import PlanStatement
from pet_spect.results.registration.registration_entries import RefusedAnat, RegisteredAnat
from pet_spect.results.registration.registration_record import Settings
from pet_spect.results.uptake.partial_volume_entry import PartialVolume
from pet_spect.results.uptake.uptake_scan import SurroundingEntry, WarpFacts

from ...records import MEASURED, lesion
from .runs import FDG, PLANNED, PROTOCOL, RATIOS, RECORD, SCAN, SETTINGS, STEP, a_plan, scan_row, summary_row


def uptake(run, scan=SCAN, **changes):
    """The run with one measured scan, and other facts of its participant."""
    return replace(run, uptakes=[replace(run.uptakes[0], scans=(scan,), **changes)])


def of_record(run, **changes):
    return replace(run, records=[replace(RECORD, **changes)])


def text(run):
    return methods_of(run).plain


def test_gaps_are_told_apart_from_the_text():
    assert Paragraph("A", "filter [filter], dose").parts == [("filter ", False), ("[filter]", True), (", dose", False)]


def test_each_gap_counts_once(run):
    gaps = methods_of(run).gaps
    assert "[FDG: filter]" in gaps
    assert len(gaps) == len(set(gaps))


def test_a_text_of_the_results_cannot_make_a_gap(run):
    scan = replace(SCAN, protocol=replace(PROTOCOL, model="X [Y]"))
    methods = methods_of(uptake(run, scan))
    assert "scanner X (Y)" in methods.plain
    assert "[Y]" not in methods.gaps


def test_every_citation_has_its_reference_and_every_reference_a_citation(run):
    methods = methods_of(run)
    for author in ("Avants", "Tustison", "Fonov", "Manera", "Mattes"):
        assert any(each.startswith(author) for each in methods.references)
    assert not any(each.startswith(("Rousset", "Holm", "Clopper", "Phipson")) for each in methods.references)


def test_who_is_missing_is_said_with_the_numbers(run):
    rows = [scan_row(), scan_row(session="year1", status="refused", stage="normalise", code="gate_scale")]
    told = text(replace(run, scans=rows))
    assert "Of 2 scans (every participant, visit and tracer), 1 was measured and 1 was refused by a check" in told
    assert "(gate_scale: 1)" in told
    assert "they refused 1 scan." in told


def test_simulated_data_are_said_first(run):
    told = text(replace(run, scans=[scan_row(simulated="true")]))
    assert told.startswith("Participants and scans. SIMULATED DATA")
    assert "SIMULATED" not in text(run)


def test_decisions_are_counted(run):
    told = text(replace(run, scans=[scan_row(decision="exclude"), scan_row(decision="accept")]))
    assert "1 scan was excluded by a documented decision." in told
    assert "1 scan was used after review" in told
    assert "documented decision." not in text(run)


def test_readings_by_eye_replace_the_gap(run):
    assert "Review of the registrations by eye: [by whom and how, or none]." in text(run)
    told = text(replace(run, decisions=[{"decision": "rating"}], readers=True))
    assert "1 rating of scans by eye was recorded." in told
    assert "Two readers recorded their decisions in separate tables." in told
    assert "Review of the registrations" not in told


def test_the_tracer_is_named_as_the_plan_has_it(run):
    assert "18F-fdg PET (FDG)" in text(run)
    assert "analysed: FDG, at baseline and year1" in text(replace(run, plan=None))


def test_acquisition_is_what_the_headers_say_and_else_a_gap(run):
    told = text(run)
    assert "scanner Biograph; injected activity 200 MBq; start [FDG: time from injection to scan]" in told
    assert "duration 15 min" in told
    assert "Reconstruction: OSEM, 4 iterations; filter: [FDG: filter]" in told


def test_what_is_known_of_some_scans_says_of_how_many(run):
    scans = (SCAN, replace(SCAN, session="year1", protocol=replace(PROTOCOL, dose_mbq=None)))
    told = text(replace(run, uptakes=[replace(run.uptakes[0], scans=scans)]))
    assert "injected activity 200 MBq (known for 1 of 2 scans)" in told


def test_a_window_of_the_protocol_is_said_only_where_there_is_one(run):
    assert "min after the injection was used only" not in text(run)
    windowed = replace(run, plan=a_plan(protocol={"FDG": {"start_minutes": [165, 225]}}))
    assert "outside 165 to 225 min after the injection" in text(windowed)


def test_a_spect_also_has_a_collimator_and_an_energy_window(run):
    assert "ollimator" not in text(run)
    scan = replace(SCAN, protocol=replace(PROTOCOL, collimator="LEHR", energy_windows=((143.1, 174.9),)))
    spect = replace(uptake(run, scan), plan=a_plan(tracers={"FDG": FDG | {"datatype": "spect"}}))
    assert "Collimator: LEHR; energy window: 143.1 to 174.9 keV." in text(spect)


def test_the_engine_and_its_settings_are_those_of_the_record(run):
    told = text(run)
    assert "antspyx 0.6.3, with a fixed seed" in told
    assert "mutual information (Mattes et al. 2003); 40 × 4 × 0 iterations, step 0.2" in told
    assert "neighbourhood cross-correlation; 12 × 5 × 0 iterations" in told
    assert "python 3.12.1" in told


def test_a_record_of_an_earlier_version_leaves_a_gap_for_the_engine(run):
    told = text(of_record(run, provenance=None))
    assert "[antspyx version]" in told
    assert "[versions of Python and its packages]" in told


def test_an_engine_that_only_some_records_name_says_so(run):
    earlier = replace(RECORD, provenance=None)
    told = text(replace(run, records=[RECORD, earlier]))
    assert "antspyx 0.6.3 (recorded for 1 of 2 participants)" in told
    assert "(recorded for" not in text(run)


def test_different_settings_of_participants_are_all_told(run):
    other = replace(RECORD, settings=replace(SETTINGS, deformation={"first": STEP | {"iterations": [9, 9, 9]}}))
    told = text(replace(run, records=[RECORD, other]))
    assert "registered with 2 different settings" in told
    assert "9 × 9 × 9 iterations" in told


def test_settings_that_are_not_recorded_are_a_gap(run):
    assert "[settings of the deformable registration]" in text(
        of_record(run, settings=Settings(gates={}, deformation={}))
    )


def test_a_study_without_a_registration_claims_none(run):
    told = text(replace(run, records=[]))
    assert "[registration: no participant has a registration record]" in told
    assert "SyN" not in told


@pytest.mark.parametrize(
    ("anat", "words"),
    [
        (None, "No anatomical image was used."),
        (RegisteredAnat(kind="T1w", measured=MEASURED), "An anatomical image was used in 1 participant."),
        (
            RefusedAnat(kind="CT", refusal=Refusal("normalise", "gate_scale", "1.9")),
            "An anatomical image was refused by a check in 1.",
        ),
    ],
)
def test_the_route_with_and_without_an_anatomical_image(run, anat, words):
    assert words in text(of_record(run, anat=anat))


def test_the_image_that_drove_the_deformation(run):
    assert "driven by the mean FDG image in 1 participant" in text(run)
    assert "driven by the T1-weighted MR image in 1 participant" in text(of_record(run, leading="anat:T1w"))


def test_a_template_of_the_study_is_known_by_its_hash(run):
    told = text(replace(run, plan=a_plan(tracers={"FDG": FDG | {"template": "sha256:0123456789abcdef"}})))
    assert "template of FDG was the study's own ([its origin]; SHA-256 0123456789ab)" in told
    assert "nilearn" not in told.split("Software")[0].split("Registration.")[1]


def test_lesions_drawn_estimated_and_unused(run):
    assert "estimated from the images in 1 participant" in text(run)
    assert "[who, on which image] in 1 participant" in text(of_record(run, lesion=lesion("given")))
    unused = lesion("estimated", code="lesion_mask_space", reason="no space")
    assert "The mask of 1 participant could not be used." in text(of_record(run, lesion=unused))


def test_limits_that_differ_between_participants_are_not_told_as_one(run):
    other = replace(RECORD, settings=replace(SETTINGS, gates={"similarity_min": 0.1}))
    told = text(replace(run, records=[RECORD, other]))
    assert "at least 0.6" not in told
    assert "limits of these checks were not the same for all" in told


def test_an_own_atlas_has_a_gap_for_its_origin_and_no_citation(run):
    ratios = RATIOS | {"region": {"Atlas": "Mine", "OwnAtlas": True, "TargetRegions": ["m1_hand"]}}
    told = text(replace(run, ratios=ratios))
    assert "the atlas Mine [its origin]" in told
    assert "The target was m1 hand on the side" in told


@pytest.mark.parametrize(
    ("off", "planned", "words"),
    [
        (0.8, "auto", "standard deviation, estimated for each participant: 0.8 mm"),
        (1.5, 1.5, "standard deviation, set in the configuration: 1.5 mm"),
        (0.0, 0, "All voxels of the target counted alike"),
    ],
)
def test_weights_of_the_border(run, off, planned, words):
    plan = a_plan(measure=PLANNED["measure"] | {"misplacement_mm": planned})
    assert words in text(replace(uptake(run, misplacement_mm=off), plan=plan))


@pytest.mark.parametrize(
    ("blur", "aim", "words"),
    [
        (None, None, "measured at their own resolution"),
        (0.0, "auto", "no scan had to be smoothed"),
        (4.2, "auto", "1 scan of 1 was smoothed with a Gaussian (full width at half maximum 4.2 mm) to match that of"),
        (4.2, 9, "to match a resolution of 9 mm"),
    ],
)
def test_matching_of_the_resolution(run, blur, aim, words):
    plan = a_plan(measure=PLANNED["measure"] | {"common_fwhm_mm": aim})
    assert words in text(replace(uptake(run, replace(SCAN, blur_mm=blur)), plan=plan))


def test_partial_volume_is_cited_only_where_it_was_corrected(run):
    assert "not corrected for partial volume" in text(run)
    entry = PartialVolume(width_mm=6.0, condition=3.0, absence=None, warnings=())
    told = text(uptake(run, replace(SCAN, partial_volume=entry)))
    assert "1 scan was corrected for partial volume with a geometric transfer matrix (Rousset et al. 1998)" in told
    assert "not corrected for partial volume" not in told


def test_further_targets_are_said_only_where_they_were_asked_for(run):
    assert "lesion was measured, too" not in text(run)
    entries = tuple(
        SurroundingEntry(region=name, absence=Remark.of("no_scan"), notes=())
        for name in ("lesion_ring_0_10", "lesion_ring_10_20", "treatment_site")
    )
    told = text(uptake(run, surroundings=entries))
    assert "The tissue 0 to 10 mm and 10 to 20 mm from the lesion was measured, too." in told
    assert "The tissue within 10 mm of the treatment was measured, too." in told


def test_the_target_without_lesion_is_said_only_with_values(run):
    rows = [summary_row(), summary_row(region="precentral_lesionfree", primary="false", n="0")]
    assert "without the voxels of the lesion mask" not in text(replace(run, summary=rows))
    rows[1]["n"] = "3"
    assert "without the voxels of the lesion mask" in text(replace(run, summary=rows))


def test_suv_is_said_only_where_there_is_one(run):
    rows = [summary_row(), summary_row(measure="suv_mean", primary="false")]
    assert "standardised uptake value" not in text(replace(run, summary=rows))
    told = text(replace(uptake(run, replace(SCAN, suv_factor=0.0005)), summary=rows))
    assert "(DICOM PS3.3) was computed for 1 scan of 1; no primary value depends on it" in told


def test_references_are_those_of_the_run(run):
    definitions = RATIOS["reference"]["Definitions"] | {
        "mine": {"Regions": ["target"], "Side": "contralesional", "Exclude": ["lesion"]}
    }
    told = text(replace(run, ratios=RATIOS | {"reference": {"Definitions": definitions}}))
    assert "The primary reference of FDG was pons (pons on both sides)." in told
    assert "Sensitivity analyses used mine (the target on the other side, without lesion)." in told


def test_tracers_with_one_endpoint_share_its_sentence(run):
    rows = [summary_row(), summary_row(tracer="IMZ")]
    scans = [scan_row(), scan_row(tracer="IMZ")]
    assert "The primary endpoint of FDG and IMZ was the uptake ratio" in text(replace(run, summary=rows, scans=scans))
    rows[1]["quantity"] = "change"
    told = text(replace(run, summary=rows, scans=scans))
    assert "The primary endpoint of FDG was" in told
    assert "The primary endpoint of IMZ was" in told
    assert "analysed as the difference year1 minus baseline" in told


def test_tests_are_those_with_a_result(run):
    told = text(run)
    assert "two-sided t test" in told
    assert "Wilcoxon" not in told
    full = summary_row(
        hodges_lehmann="0.1", hl_ci_low="0.05", p_wilcoxon="0.01", p_sign_flip="0.01", p_smallest="0.008"
    )
    told = text(replace(run, summary=[full]))
    assert "the Hodges-Lehmann estimate with its exact interval" in told
    assert "sign-flip test (all flips of the signs)" in told
    told = text(replace(run, summary=[full | {"p_smallest": "0.0001", "hl_ci_low": "n/a"}]))
    assert "9,999 random flips (Phipson and Smyth 2010)" in told
    assert "exact interval" not in told


def test_too_few_participants_are_said(run):
    told = text(replace(run, summary=[summary_row(n="2", p="n/a")]))
    assert "Nothing was estimated for FDG, with fewer than 3 participants." in told
    assert "t test" not in told


def test_who_is_not_in_the_mean_is_counted(run):
    row = summary_row(n="6", n_missing="1", missing_reasons="no_scan (year1): 1", n_apart="1")
    told = text(replace(run, summary=[row]))
    assert "FDG: 6 participants in the mean; 1 without a usable change (no_scan (year1): 1) and 1 not in the" in told
    assert "nobody was left out" in text(run)


@pytest.mark.parametrize(
    ("rule", "words"),
    [("bounds", "Bounds give the mean if everybody missing"), ("complete_cases", "No value was imputed.")],
)
def test_missing_data_as_planned(run, rule, words):
    told = text(replace(run, plan=a_plan(analysis=PLANNED["analysis"] | {"missing_data": rule})))
    assert words in told
    assert ("Bounds give" in told) == (rule == "bounds")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("none", "Neither p values nor intervals were adjusted"),
        ("holm", "adjusted for their number (Holm 1979); intervals were not"),
        ("fixed", "in the fixed order FDG and IMZ"),
    ],
)
def test_multiplicity_as_planned(run, rule, words):
    rows, scans = [summary_row(), summary_row(tracer="IMZ")], [scan_row(), scan_row(tracer="IMZ")]
    plan = a_plan(analysis=PLANNED["analysis"] | {"multiplicity": rule})
    assert words in text(replace(run, summary=rows, scans=scans, plan=plan))
    assert words not in text(replace(run, plan=plan))  # one tracer: there is nothing to adjust


def test_other_analysis_sets_are_said(run):
    assert "were repeated" not in text(run)
    rows = [summary_row(), summary_row(analysis_set="per_protocol", primary="false")]
    assert "repeated with the accepted changes without a flag of the protocol" in text(replace(run, summary=rows))


def test_reliable_change_names_the_source_of_its_cv(run):
    told = text(replace(run, cvs={"FDG": WithinSubjectCv(5.0, "total", "own test-retest")}))
    assert "coefficient of variation of 5 % (total; own test-retest)" in told
    assert "reliable" not in text(run)


def test_an_analysis_as_planned_says_so(run):
    assert f"The analysis plan (SHA-256 {'5' * 12}) was recorded before the first result and followed." in text(run)


def test_a_deviation_from_the_plan_is_told_with_what_changed(run):
    statement = PlanStatement("6" * 64, "5" * 64, "Made under another plan.", ("pvc: from none to gtm",), False, 2)
    told = text(replace(run, statement=statement))
    assert "Made under another plan. Changed: pvc: from none to gtm. [the reason]." in told
    assert "followed" not in told


def test_without_a_plan_everything_of_it_is_a_gap(run):
    told = text(replace(run, plan=None, statement=None))
    assert "No analysis plan was recorded" in told
    assert "[rule for missing data]" in told
    assert "Snakemake" not in told


def test_a_lost_plan_is_said(run):
    assert "missing or was altered" in text(replace(run, plan=None, plan_fault=True))


def test_clinical_outcomes_are_said_only_where_there_are_any(run):
    assert "Clinical outcomes" not in text(run)
    rows = [
        {"outcome": "mRS", "quantity": "frequency_improved"},
        {"outcome": "Barthel", "quantity": "mean_improvement"},
        {"outcome": "adverse_events", "quantity": "frequency_people"},
    ]
    told = text(replace(run, outcomes=rows, correlated=True))
    assert "Of mRS the frequency of an improvement" in told
    assert "Mean improvements of Barthel" in told
    assert "For adverse events the fraction of participants" in told
    assert "Spearman" in told


def test_mixed_versions_are_said(run):
    assert "another version" not in text(run)
    told = text(replace(run, records=[RECORD, replace(RECORD, software_version="0.1.9")]))
    assert f"registered by pet_spect 0.1.9 (1 participant) and {__version__} (1 participant)" in told
    assert f"made by another version (0.1.9) than the one that wrote this text ({__version__})" in told
    assert "another version (0.1.8)" in text(replace(run, version="0.1.8"))


def test_tables_of_an_unknown_version_leave_a_gap(run):
    assert "The tables were made by pet_spect [version]." in text(replace(run, version=None))


def test_no_primary_row_is_a_gap(run):
    assert "Primary endpoint: [primary endpoint]." in text(replace(run, summary=[]))


def test_what_no_check_could_compare_is_said(run):
    first, later = run.scans
    told = text(replace(run, scans=[first, later | {"not_compared": "filter, energy_window"}]))
    assert "(FDG: filter, energy window (in 1 of 1) of the follow-up scans)" in told
    assert "could not be compared between the visits" not in text(run)


def test_an_undetermined_lesion_side_is_said(run):
    first, later = run.scans
    told = text(replace(run, scans=[first, later | {"warnings": "laterality_undetermined: not shown"}]))
    assert "1 participant was measured on the recorded side of the stroke, although a scan does not show" in told
    assert "laterality_undetermined" not in text(run)


def test_the_weights_of_a_target_in_the_lesion_are_said(run):
    lost = WarpFacts(misplacement_mm=0.8, lost_left=0.46, lost_right=0.0)
    told = text(uptake(run, replace(SCAN, warp=lost)))
    assert "The more of the target lay in the lesion, the less: from 30 % on all voxels weighed alike" in told
    assert "weighed alike (1 participant)" in told
    assert "lay in the lesion" not in text(uptake(run, replace(SCAN, warp=replace(lost, lost_left=0.0))))


def test_scales_are_in_points_and_not_said_to_be_tested_as_the_images(run):
    told = text(replace(run, outcomes=[{"quantity": "mean_improvement", "outcome": "NIHSS"}]))
    assert "Mean improvements of NIHSS are in points (positive is better), of complete cases" in told
