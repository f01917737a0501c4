import re

import pytest


@pytest.mark.slow
def test_the_python_example_of_the_readme_runs(repository):
    (example,) = re.findall(
        r"```python\n(.*?)```", (repository / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    exec(compile(example, "README.md", "exec"), {})


def test_every_link_of_the_readme_leads_somewhere(repository):
    readme = (repository / "README.md").read_text(encoding="utf-8")
    for linked in re.findall(r"\]\(((?!http|#)[^)#]+)", readme):
        assert (repository / linked).exists(), linked
