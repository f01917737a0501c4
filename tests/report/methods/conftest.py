import pytest

from .runs import a_run


@pytest.fixture
def run():
    return a_run()
