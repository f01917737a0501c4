from __future__ import annotations

import math

import pytest

from pet_spect.model import ScanKey
from pet_spect.study.qc_tables import read_qc_tables
from pet_spect.study.readers import compare_readers

from .qc_lines import OLD, sign

KEYS = [ScanKey(f"sub-{number:02d}", session, "FDG") for number in range(1, 6) for session in ("baseline", "year1")]


@pytest.fixture
def compared(tmp_path):
    """Return a function that compares two readers, each a list of (scan, decision, code)."""

    def compare(first, second, consensus=()):
        paths = [tmp_path / "a.tsv", tmp_path / "b.tsv", tmp_path / "consensus.tsv"]
        for path, lines in zip(paths, (first, second, consensus), strict=True):
            path.write_text(OLD)
            for line in lines:
                sign(path, *line)
        return compare_readers(read_qc_tables(paths[:2], paths[2] if consensus else None), KEYS)

    return compare


def test_kappa_is_over_every_scan_there_is(compared):
    one = [("sub-01 year1 FDG", "exclude"), ("sub-02 year1 FDG", "exclude")]
    other = [("sub-01 year1 FDG", "exclude"), ("sub-03 year1 FDG", "exclude")]
    disagreements, agreement = compared(one, other)
    assert set(agreement) == {"decision"}
    # 1 both, 1 each alone, 7 neither: po 0.8, pe 0.2² + 0.8² = 0.68
    assert (agreement["decision"].n, agreement["decision"].agreed) == (10, 8)
    assert agreement["decision"].kappa == pytest.approx((0.8 - 0.68) / (1 - 0.68))
    assert [(each.key.participant, each.first, each.second, each.counts) for each in disagreements] == [
        ("sub-02", "exclude", "none", "exclude"),
        ("sub-03", "none", "exclude", "exclude"),
    ]


def test_readers_who_accept_different_faults_disagree(compared):
    scan = "sub-01 year1 FDG"
    (one,), agreement = compared([(scan, "accept", "gate_blur")], [(scan, "accept", "gate_overlap")])
    assert (one.first, one.second, one.counts) == ("accept gate_blur", "accept gate_overlap", "none")
    assert agreement["decision"].agreed == 9


def test_a_consensus_is_shown_and_counts(compared):
    scan = "sub-01 year1 FDG"
    (one,), _ = compared([(scan, "exclude")], [], [(scan, "withdraw")])
    assert (one.first, one.second, one.consensus, one.counts) == ("exclude", "none", "none", "none")


def test_the_last_rating_of_each_reader_is_compared_on_the_scans_that_both_rated(compared):
    scans = [f"sub-0{number} year1 FDG" for number in range(1, 5)]
    one = [(scans[0], "rating", "bad"), *((scan, "rating", "good") for scan in scans[:3])]
    other = [(scan, "rating", rating) for scan, rating in zip(scans[:2], ("good", "doubt"), strict=True)]
    disagreements, agreement = compared(one, other)
    assert (agreement["rating"].n, agreement["rating"].agreed) == (2, 1)
    assert [(each.basis, each.first, each.second, each.counts) for each in disagreements] == [
        ("rating", "good", "doubt", None)
    ]


def test_readers_who_say_nothing_agree_without_a_kappa(compared):
    disagreements, agreement = compared([], [])
    assert disagreements == []
    assert math.isnan(agreement["decision"].kappa)
    assert agreement["decision"].reason.startswith("both say none of every scan")
