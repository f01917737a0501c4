from __future__ import annotations

import threading

import pytest

from pet_spect.errors import TableError
from pet_spect.report.review.reading import OutOfStepError, Reading
from pet_spect.report.review.reasons import UnusableError
from pet_spect.tsv import read_table


def rate(reading, rating="good", code="", words=""):
    identifier = reading.state()["scan"]
    reading.rate(identifier, rating, code, words)
    return identifier


def key_of(reading, identifier):
    return next(scan.key for scan in reading.scans if scan.identifier == identifier)


def test_every_rating_is_a_signed_line_at_once(begin, table):
    reading = begin()
    identifier = rate(reading, "bad", "moved", "twice")
    (row,) = read_table(table)
    key = key_of(reading, identifier)
    assert (row["participant_id"], row["session"], row["tracer"]) == (key.participant, key.session, key.tracer)
    assert (row["decision"], row["code"], row["initials"]) == ("rating", "bad", "AB")
    assert row["reason"] == "moved: The person moved, or the scan is blurred; twice (blinded reading)"
    assert row["previous"] == "0" * 64


def test_no_rating_ever_accepts_or_excludes(begin, table):
    reading = begin()
    for rating in ("good", "doubt", "bad"):
        rate(reading, rating, "moved")
    assert {row["decision"] for row in read_table(table)} == {"rating"}


def test_the_state_tells_how_far_the_reading_is_and_no_name(begin):
    reading = begin()
    assert reading.state() == {
        "phase": "scan",
        "scan": reading.state()["scan"],
        "place": 1,
        "done": 0,
        "total": 8,
        "rating": None,
        "reason": None,
        "first": True,
    }
    rate(reading)
    assert (reading.state()["place"], reading.state()["done"], reading.state()["first"]) == (2, 1, False)


def test_a_new_start_goes_on_behind_what_is_rated_in_the_same_order(begin):
    whole = begin()
    order = [key_of(whole, rate(whole)) for _ in range(3)]
    again = begin()
    assert again.state()["place"] == 4
    rest = [key_of(again, rate(again)) for _ in range(5)]
    assert len({*order, *rest}) == 8
    assert (again.state()["phase"], again.state()["done"]) == ("done", 8)
    assert begin().state()["phase"] == "done"


def test_back_and_a_new_rating_add_a_line_and_go_on_with_the_next_scan(begin, table):
    reading = begin()
    first, second = rate(reading), rate(reading, "doubt", "moved")
    pending = reading.state()["scan"]
    reading.back()
    assert (reading.state()["scan"], reading.state()["place"], reading.state()["rating"]) == (second, 2, "doubt")
    reading.back()
    reading.back()
    assert (reading.state()["scan"], reading.state()["place"], reading.state()["first"]) == (first, 1, True)
    rate(reading, "bad", "brain_cut")
    assert (reading.state()["scan"], reading.state()["done"]) == (pending, 2)
    assert [row["code"] for row in read_table(table)] == ["good", "doubt", "bad"]
    assert reading.counts() == {"rated": 2, "good": 0, "doubt": 1, "bad": 1}


def test_the_same_rating_again_adds_no_line(begin, table):
    reading = begin()
    rate(reading)
    reading.back()
    rate(reading)
    assert len(read_table(table)) == 1


def test_forward_leaves_a_rating_as_it_is(begin):
    reading = begin()
    rate(reading)
    second = rate(reading)
    pending = reading.state()["scan"]
    reading.back()
    reading.back()
    reading.forward()
    assert reading.state()["scan"] == second
    reading.forward()
    reading.forward()
    assert reading.state()["scan"] == pending


def test_back_works_behind_the_last_scan_and_does_nothing_before_the_first(begin):
    reading = begin()
    reading.back()
    assert reading.state()["place"] == 1
    last = [rate(reading) for _ in range(8)][-1]
    reading.back()
    assert (reading.state()["phase"], reading.state()["scan"], reading.state()["place"]) == ("scan", last, 8)


@pytest.mark.parametrize("identifier", ["", "nothing"])
def test_only_the_scan_in_turn_can_be_rated(begin, table, identifier):
    reading = begin()
    with pytest.raises(OutOfStepError):
        reading.rate(identifier, "good", "", "")
    other = next(scan.identifier for scan in reading.scans if scan.identifier != reading.state()["scan"])
    with pytest.raises(OutOfStepError):
        reading.rate(other, "good", "", "")
    with pytest.raises(OutOfStepError):
        begin("").rate(reading.state()["scan"], "good", "", "")
    assert not table.exists()


@pytest.mark.parametrize("initials", ["", "A", "ABCDEF", "A1", "Ä B", "A\n", "=A"])
def test_initials_are_letters(begin, initials):
    with pytest.raises(UnusableError, match="two to five letters"):
        begin("").start(initials)


def test_a_second_reader_of_the_same_table_is_refused_without_a_word_of_the_ratings(begin):
    rate(begin(), "bad", "moved", "secret")
    with pytest.raises(UnusableError, match="holds ratings of another reader") as caught:
        begin("CD")
    assert not any(word in str(caught.value) for word in ("AB", "bad", "secret", "moved", "sub-"))
    assert begin("ab").state()["done"] == 1


def test_a_window_of_another_reader_cannot_take_over(begin):
    with pytest.raises(UnusableError, match="another reader has begun"):
        begin().start("CD")


def test_two_readers_have_orders_and_tables_of_their_own(begin, tmp_path):
    one, other = begin(), begin("CD", tmp_path / "config" / "reader_b.tsv")
    orders = [[key_of(reading, rate(reading)) for _ in range(8)] for reading in (one, other)]
    assert orders[0] != orders[1]
    assert set(orders[0]) == set(orders[1])
    assert {row["initials"] for row in read_table(tmp_path / "config" / "reader_b.tsv")} == {"CD"}


def test_two_programs_on_one_table_lose_nothing(begin, table):
    one, other = begin(), begin()
    shown = other.state()["scan"]
    rate(one)
    with pytest.raises(OutOfStepError):
        other.rate(shown, "good", "", "")
    rate(other)
    assert one.state()["done"] == other.state()["done"] == 2
    assert len({tuple(row.values())[:3] for row in read_table(table)}) == 2


def test_a_line_that_cannot_be_signed_leaves_the_scan_in_turn(begin, results, table):
    def fail(key, said):
        raise TableError("the disk is full")

    reading = Reading(begin("").scans, table, fail)
    reading.start("AB")
    shown = reading.state()
    with pytest.raises(TableError):
        rate(reading)
    assert reading.state() == shown


def test_after_the_end_no_rating_begins(begin, table):
    reading = begin()
    reading.close()
    late = threading.Thread(target=rate, args=(reading,), daemon=True)
    late.start()
    late.join(0.2)
    assert late.is_alive()
    assert not table.exists()
