"""The documentation site, built as `make docs` builds it."""

import os
import re
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

LINKED = (
    *("CITATION.cff", "LICENSE", "config/README.md", "atlases/README.md", "profiles/slurm/config.yaml"),
    *("requirements/containers/Dockerfile", "requirements/containers/pet_spect.def"),
)


@pytest.fixture(scope="module")
def site(repository, tmp_path_factory):
    """Return the built site, and what Sphinx said."""
    if not os.environ.get("CI"):
        for name in ("sphinx", "myst_parser", "furo"):
            pytest.importorskip(name, reason="make test installs it from requirements/dev.lock")
    source, built = (tmp_path_factory.mktemp(name) for name in ("source", "built"))
    for path in [*repository.glob("*.md"), *(repository / name for name in LINKED)]:
        copy = source / path.relative_to(repository)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    shutil.copytree(repository / "docs", source / "docs", ignore=shutil.ignore_patterns("generated"))
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "-c", source / "docs/reference"]
    done = subprocess.run([*command, source, built], capture_output=True, text=True, check=False)
    return built, (done.returncode, done.stderr)


def test_the_site_is_made_without_a_warning_so_no_link_is_broken(site):
    assert site[1] == (0, "")


def test_every_function_and_every_guide_has_a_page(site):
    pages = site[0] / "docs"
    assert "participant_id" in (pages / "reference/generated/pet_spect.measure.html").read_text()
    names = (
        "report",
        "methods",
        "accuracy",
        "evidence",
        "statistics",
        "dicom",
        "suv",
        "cluster",
        "sign-off",
        "deidentify",
    )
    assert [name for name in names if not (pages / f"{name}.html").is_file()] == []
    assert (site[0] / "README.html").is_file()
    assert (site[0] / "config/README.html").is_file()


def test_the_first_page_leads_to_the_site(site):
    assert 'href="docs/index.html"' in (site[0] / "index.html").read_text()
    assert (site[0] / "docs/index.html").is_file()


def test_no_page_fetches_anything_from_elsewhere(site):
    sources = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["'](?:https?:)?//[^>]*>""")
    found = {match for page in site[0].rglob("*.html") for match in sources.findall(page.read_text())}
    styles = {path.name for path in site[0].rglob("*.css") if re.search(r"url\([\"']?(https?:)?//", path.read_text())}
    assert (found, styles) == (set(), set())


@pytest.mark.browser
def test_the_search_works_from_disk(site, need_tool):
    chromium = need_tool("chromium")
    from playwright.sync_api import sync_playwright

    heard = []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = running.new_context(offline=True).new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("request", lambda request: heard.append(request.url) if request.url.startswith("http") else None)
        page.goto((site[0] / "search.html").as_uri() + "?q=diaschisis")
        page.wait_for_selector("#search-results li a")
        links = [link.get_attribute("href") for link in page.query_selector_all("#search-results li a")]
        running.close()
    assert any(link.startswith(("docs/", "README", "config/")) for link in links)
    assert heard == []
