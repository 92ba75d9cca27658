"""Previews of what a link refers to: by mouse, by keyboard, by touch, from a disk."""

from playwright.sync_api import Browser, Page, expect

from browser.conftest import Site

PAGE = "derivations/05-linear-regression/ridge-regression.html"


def link(page: Page, target: str):
    """The first link of the text to a target."""
    return page.locator(f'.bd-article p a.internal[href$="{target}"]:visible').first


def test_hovering_shows_an_equation_of_the_page_and_leaving_hides_it(book_site: Site, page: Page) -> None:
    page.goto(f"{book_site.address}/{PAGE}")
    box = page.locator(".book-preview")
    link(page, "#equation-eq-lin-ridge-estimator").hover()
    expect(box).to_be_visible()
    expect(box).to_contain_text("(5.98)")
    expect(box.locator(".katex-display")).to_have_count(1)
    assert page.evaluate("document.querySelectorAll('[id=eq-lin-ridge-estimator]').length") == 1
    page.mouse.move(5, 5)
    expect(box).to_have_count(0)


def test_from_the_disk_a_statement_of_another_page_is_shown(book_site: Site, page: Page) -> None:
    asked = []
    page.on("requestfailed", lambda request: asked.append(request.url))
    page.goto((book_site.folder / "index.html").as_uri())
    link(page, "#thm-lin-theobald").hover()
    box = page.locator(".book-preview")
    expect(box).to_contain_text("Theobald")
    expect(box.locator("details, a")).to_have_count(0)
    assert asked == []


def test_the_keyboard_shows_and_escape_hides(book_site: Site, page: Page) -> None:
    page.goto(f"{book_site.address}/{PAGE}")
    page.keyboard.press("Tab")  # the focus that follows is one of the keyboard
    link(page, "#equation-eq-lin-ridge-estimator").focus()
    box = page.locator(".book-preview")
    expect(box).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{book_site.address}/{PAGE}#equation-eq-lin-ridge-estimator")


def test_a_source_is_shown_and_the_tip_of_the_browser_is_gone(book_site: Site, page: Page) -> None:
    page.goto(f"{book_site.address}/{PAGE}")
    citation = page.locator('.bd-article a.internal[href*="bibliography.html#"]').first
    assert citation.get_attribute("title") is None
    citation.hover()
    expect(page.locator(".book-preview")).to_contain_text(citation.inner_text().split(",")[0].split(" ")[0])


def test_the_first_touch_shows_and_the_second_follows(book_site: Site, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{book_site.address}/{PAGE}")
    target = "#equation-eq-lin-ridge-estimator"
    link(page, target).tap()
    box = page.locator(".book-preview")
    expect(box).to_be_visible()
    place = box.bounding_box()
    assert place is not None
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= 390
    expect(box.get_by_role("link", name="Go to")).to_be_visible()
    assert page.url.endswith(PAGE)
    link(page, target).tap()
    expect(page).to_have_url(f"{book_site.address}/{PAGE}{target}")
    context.close()


def test_a_term_shows_its_definition(book_site: Site, page: Page) -> None:
    page.goto(f"{book_site.address}/appendix/glossary.html")
    term = page.locator('.book-glossary dt a[href*="#term-pseudoinverse"]')
    term.hover()
    expect(page.locator(".book-preview")).to_contain_text("inverts what can be inverted")
