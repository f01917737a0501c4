from importlib.metadata import version

from pet_spect.results.versions import installed_versions


def test_python_comes_first_and_what_is_not_installed_is_left_out():
    found = installed_versions(["numpy", "no-such-package"])
    assert list(found) == ["python", "numpy"]
    assert found["numpy"] == version("numpy")
