"""The report of a study in which everything of one person crashed before there was a registration."""

from pet_spect.report.page import write_report
from pet_spect.results import layout
from pet_spect.tsv import read_table


def test_the_report_is_made_without_registration_and_uptake_of_that_person(make_study, tmp_path):
    results = make_study(2).write(tmp_path)
    scans = results / "tables/scans.tsv"
    person = read_table(scans, required=("participant_id",))[0]["participant_id"]
    header, *lines = scans.read_text(encoding="utf-8").splitlines()
    code = header.split("\t").index("code")
    for number, line in enumerate(lines):
        words = line.split("\t")
        if words[0] == person:
            lines[number] = "\t".join([*words[:code], "crashed", *words[code + 1 :]])
    scans.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    (results / layout.registration_record(person)).unlink()
    for uptake in (results / person).glob("*_uptake.*"):
        uptake.unlink()
    write_report(results, without_pictures=[person])
    assert (results / "report/people" / f"{person}.html").is_file()
