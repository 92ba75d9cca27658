"""The mark beside an equation and the page of the ledger: by keyboard, by touch, without a network."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Site

CHAPTER = "derivations/05-linear-regression/ridge-regression.html"
LABEL = "eq-lin-ridge-estimator"


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A window of a phone."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


def mark(page: Page, label: str = LABEL):
    """The mark of an equation."""
    return page.locator(f"details.check:has(#check-{label}) > summary")


def test_the_keyboard_opens_and_closes_a_check(book_site: Site, page: Page) -> None:
    page.goto(f"{book_site.address}/{CHAPTER}#{LABEL}")
    page.locator(f'#equation-{LABEL} .eqno a[href="#{LABEL}"]').focus()
    for _ in range(4):  # a formula that scrolls may stand between
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    expect(mark(page)).to_be_focused()
    panel = page.locator(f"#check-{LABEL}")
    expect(panel).to_be_hidden()
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    for text in ("Basis", "Evidence", "Sharpness", "pytest -k", "printed ="):
        expect(panel).to_contain_text(text)
    page.keyboard.press("Enter")
    expect(panel).to_be_hidden()


def test_a_screen_reader_hears_basis_and_evidence(book_site: Site, page: Page) -> None:
    page.goto(f"{book_site.address}/{CHAPTER}")
    for one in page.locator("details.check > summary").all():
        name = one.get_attribute("aria-label") or ""
        assert name.startswith("Equation ("), name
        assert name.partition(": ")[2] == one.get_attribute("title")
    assert page.locator("details.check > summary").count() == page.locator("div.math > .eqno").count()


def test_the_mark_stands_beside_the_number_and_nothing_moves(book_site: Site, page: Page) -> None:
    page.goto(f"{book_site.address}/{CHAPTER}#{LABEL}")
    number = page.locator(f"#equation-{LABEL} > .eqno")
    before, summary = number.bounding_box(), mark(page).bounding_box()
    assert before
    assert summary
    assert min(summary["width"], summary["height"]) >= 24
    middle = before["y"] + before["height"] / 2
    assert summary["y"] <= middle <= summary["y"] + summary["height"]
    assert 0 <= summary["x"] - (before["x"] + before["width"]) <= 16
    mark(page).click()
    expect(page.locator(f"#check-{LABEL}")).to_be_visible()
    assert number.bounding_box() == before
    assert mark(page).bounding_box() == summary


def test_a_tap_opens_a_check_on_a_phone(book_site: Site, phone: Page) -> None:
    phone.goto(f"{book_site.address}/{CHAPTER}#{LABEL}")
    box = mark(phone).bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 24
    mark(phone).tap()
    expect(phone.locator(f"#check-{LABEL}")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_check_opens_without_a_script(book_site: Site, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((book_site.folder / CHAPTER).as_uri())
    mark(page).click()
    expect(page.locator(f"#check-{LABEL}")).to_be_visible()
    page.goto((book_site.folder / "appendix" / "ledger.html").as_uri())
    assert page.locator(".ledger-table tbody tr").count() > 20
    assert page.locator(".ledger-filter").count() == 0
    context.close()


def test_a_link_to_a_check_opens_it(book_site: Site, page: Page) -> None:
    page.goto(f"{book_site.address}/{CHAPTER}#check-{LABEL}")
    expect(page.locator(f"#check-{LABEL}")).to_be_visible()


def test_equation_function_and_ledger_lead_to_each_other(book_site: Site, page: Page) -> None:
    page.goto((book_site.folder / CHAPTER).as_uri())
    mark(page).click()
    page.locator(f"#check-{LABEL} a:has-text('ridge_path')").click()
    expect(page).to_have_url(re.compile(r"#mlderived\.linear_regression\.ridge_regression\.ridge_path$"))
    page.locator("article a[href$='#equation-" + LABEL + "']").first.click()
    mark(page).click()
    page.get_by_role("link", name="Row in the ledger").locator("visible=true").click()
    row = page.locator(f"#ledger-{LABEL}")
    expect(row).to_be_visible()
    row.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(f"{CHAPTER}#{LABEL}$"))


def test_the_ledger_sorts_and_filters_without_a_network(book_site: Site, page: Page) -> None:
    page.goto((book_site.folder / "appendix" / "ledger.html").as_uri())
    table = page.locator(".ledger-table").first
    rows = table.locator("tbody tr")
    labels = rows.locator("td[data-name=Label]").all_text_contents()
    head = table.get_by_role("columnheader", name="Label")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert rows.locator("td[data-name=Label]").all_text_contents() == sorted(labels)
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    table.get_by_role("columnheader", name="Resolution").get_by_role("button").click()
    shown = [float(text) for text in rows.locator("td[data-name=Resolution]").all_text_contents() if text]
    assert shown == sorted(shown)
    page.get_by_role("searchbox", name="Find").fill("theobald")
    visible = page.locator(".ledger-table tbody tr:visible")
    assert 0 < visible.count() < len(labels)
    assert all("theobald" in text for text in visible.all_text_contents())
    page.get_by_role("searchbox", name="Find").fill("")
    page.get_by_role("combobox", name="Basis").select_option("definition")
    assert visible.count() == page.locator("td[data-name=Basis]", has_text="definition").count()
    expect(page.locator(".ledger-filter output")).to_contain_text(f"of {len(labels)} labels")


def test_the_ledger_fits_a_phone(book_site: Site, phone: Page) -> None:
    phone.goto(f"{book_site.address}/appendix/ledger.html")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.get_by_role("button", name="Noticed").tap()
    head = phone.locator(".ledger-table").get_by_role("columnheader", name="Noticed")
    expect(head).to_have_attribute("aria-sort", "ascending")
