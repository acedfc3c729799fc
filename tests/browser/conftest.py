"""A Chromium, the running page, and the page without a server, once for all browser tests."""

import fcntl
from collections.abc import Iterator

import pytest

from explorer.bench.browser import browser, served
from explorer.web.site import build_site
from tests.browser.hands import painted
from tests.browser.site_hands import hosted, visiting


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the page is served, by `python app.py` as a person starts it."""
    with served(["app.py"]) as (url, _):
        yield url


@pytest.fixture
def page(chromium, address):
    """The page, opened and showing its first example, in a desktop window; page errors fail the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(address)
    opened.wait_for_function("window.ExitExplorer?.store?.trace")
    painted(opened)  # every part has its width and shows the first example
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def visit(chromium, address):
    """Opens the page at a query string, in a context of its own; page errors fail the test."""
    contexts, errors = [], []

    def open_at(query, width=1440, **options):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + query)
        page.wait_for_function("window.ExitExplorer?.store?.trace", timeout=120_000)
        painted(page)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="session")
def built(tmp_path_factory, worker_id):
    """A site of the smallest model, under a path of its own as on a project's page; built once for all processes."""
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / "host"
    with open(root.with_name("host.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "some").exists():
            build_site(root / "making" / "path", ["fashion"])
            (root / "making").rename(root / "some")
    return root


@pytest.fixture(scope="module")
def host(built):
    with hosted(built) as found:
        yield found


@pytest.fixture
def context(chromium):
    found = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield found
    found.close()


@pytest.fixture
def site(context, host):
    """The site in a browser that has not seen it yet; page errors and requests to other hosts fail the test."""
    with visiting(context, host[0]) as page:
        yield page
