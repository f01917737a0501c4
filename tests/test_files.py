import errno
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pet_spect.errors import OvertakenError
from pet_spect.files import locked, whole_file, write_json


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half():
        with whole_file(path) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", [".partial-a.txt", ".partial-0123abcd-a.txt"])
def test_what_a_killed_run_left_behind_is_removed(tmp_path, name):
    (tmp_path / name).write_text("left behind by a kill")
    other = tmp_path / ".partial-0123abcd-ba.txt"
    other.write_text("half of another file")
    with whole_file(tmp_path / "a.txt") as partial:
        partial.write_text("new")
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", other.name}


def test_a_writer_whose_file_a_newer_one_removed_fails(tmp_path):
    path = tmp_path / "a.txt"

    def write():
        with whole_file(path) as partial:
            partial.write_text("old")
            partial.unlink()

    with pytest.raises(OvertakenError, match=r"a\.txt: not written, because another job writes it"):
        write()
    assert not path.exists()


def test_a_full_disk_names_the_file(tmp_path):
    def write():
        with whole_file(tmp_path / "a.txt"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left on device") as caught:
        write()
    assert caught.value.filename == str(tmp_path / "a.txt")


def test_nan_is_not_written_as_json(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"value": float("nan")})
    assert not list(tmp_path.iterdir())


def test_two_who_ask_for_a_file_wait_for_each_other(tmp_path):
    path = tmp_path / "config" / "a.txt"
    path.parent.mkdir()
    path.write_text("")

    def add(_):
        with locked(path):
            before = path.read_text()
            time.sleep(0.002)
            path.write_text(before + "x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert path.read_text() == "x" * 40
