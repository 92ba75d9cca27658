"""The built pages in Chromium: what a reader sees, and what a page must not do."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from browser.conftest import Site

WIDTHS = (320, 390, 768, 1440)

# What is wrong with a page as it stands, in words.
FAULTS_OF_FORMULAS = r"""() => {
  const faults = [];
  for (const e of document.querySelectorAll(".katex-error, .formula-fault"))
    faults.push(`not typeset: ${e.textContent}`);
  for (const e of document.querySelectorAll("span.math, div.math"))
    if (!e.querySelector(".katex-html") || !e.querySelector("math annotation"))
      faults.push(`no HTML or no MathML: ${e.textContent.slice(0, 60)}`);
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const parent = words.currentNode.parentElement;
    if (parent.closest("code, pre, annotation, script, style, noscript, svg")) continue;
    const raw = words.currentNode.data.match(/\$[^$\s][^$]*\$|\\[a-zA-Z]{2,}|\{(eq|prf:ref|cite)/);
    if (raw) faults.push(`raw source: ${words.currentNode.data.trim().slice(0, 60)}`);
  }
  for (const font of document.fonts)
    if (font.status === "error") faults.push(`font not loaded: ${font.family}`);
  return faults;
}"""

# Blocks far from the window are not laid out: here they must be, to see what they stick out.
LAY_OUT_ALL = "* { content-visibility: visible !important; }"
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const out = document.documentElement.scrollWidth > width ? ["the page scrolls"] : [];
  const boxes = ".equation-body, pre, .pst-scrollable-table-container, .katex-mathml, svg, .equation-uses";
  for (const e of document.querySelectorAll("main article *")) {
    if (e.closest(boxes) && !e.matches(".equation-body, pre")) continue;
    const box = e.getBoundingClientRect();
    if (box.width > 1 && box.right > width + 1)
      out.push(`${e.tagName.toLowerCase()}.${e.className}: ${e.textContent.trim().slice(0, 40)}`);
  }
  return out.slice(0, 5);
}"""

SCROLLERS = """() => [...document.querySelectorAll("article .equation-body, article pre")].flatMap((box) => {
  if (!box.checkVisibility()) return [];  // in a closed fold
  const scrolls = box.scrollWidth > box.clientWidth + 1;
  const reachable = box.tabIndex === 0 && /scrolls sideways/.test(box.getAttribute("aria-label") ?? "");
  const fault = scrolls ? "unreachable" : "a needless stop";
  return scrolls === reachable ? [] : [`${fault}: ${box.textContent.slice(0, 40)}`];
})"""

SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  const add = (list) => list.getEntries().forEach((e) => { if (!e.hadRecentInput) sum += e.value; });
  new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 100);
})"""

# Is the element with this id, or the block that holds it, in the window?
IN_WINDOW = """(id) => {
  const target = document.getElementById(id);
  const box = (target.matches(".equation-anchor") ? target.parentElement : target).getBoundingClientRect();
  return box.top >= -2 && box.top < innerHeight && box.height > 0;
}"""


# What a screen reader needs of every page.
WORDS = r"""() => {
  const faults = [];
  const search = document.querySelector("#search-results");  // its heading comes with the results
  if (!search && document.querySelectorAll("article h1").length !== 1) faults.push("not one h1");
  if (document.documentElement.lang !== "en") faults.push("no language");
  if (/[\u200b<>]/.test(document.title)) faults.push(`markup in the title: ${document.title}`);
  const named = (e) => e.alt || e.title || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby")
    || e.querySelector("title, img[alt]");
  for (const e of document.querySelectorAll("article img, article figure svg"))
    if (!named(e)) faults.push(`a figure without words: ${e.outerHTML.slice(0, 80)}`);
  for (const e of document.querySelectorAll("button, a[href], summary"))
    if (!named(e) && !e.textContent.trim()) faults.push(`a control without a name: ${e.outerHTML}`);
  return faults;
}"""


@dataclass
class Visit:
    """What happened while a page was opened."""

    console: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    scrollers: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    jumps: list[str] = field(default_factory=list)


def visit(browser: Browser, url: str, widths: tuple[int, ...]) -> Visit:
    """Open a page in a fresh window, look at it in the widths, and note what happens."""
    seen = Visit()
    home = urlsplit(url)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: seen.console.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("requestfailed", lambda request: seen.failed.append(request.url))
    page.on("response", lambda answer: seen.failed.append(answer.url) if answer.status >= 400 else None)

    def ours(address: str) -> bool:
        parts = urlsplit(address)
        return parts.scheme in {"data", "blob"} or (parts.scheme, parts.netloc) == (home.scheme, home.netloc)

    page.on("request", lambda request: None if ours(request.url) else seen.outside.append(request.url))
    page.goto(url)
    page.evaluate("document.fonts.ready.then(() => true)")
    seen.formulas = page.evaluate(FAULTS_OF_FORMULAS)
    seen.words = page.evaluate(WORDS)
    shift = page.evaluate(SHIFT)
    seen.jumps = [f"layout shift {shift:.3f}"] if shift > 0.1 else []
    page.add_style_tag(content=LAY_OUT_ALL)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        seen.wide += [f"{width} px: {what}" for what in page.evaluate(STICKS_OUT)]
        seen.scrollers += [f"{width} px: {what}" for what in page.evaluate(SCROLLERS)]
    page.close()
    return seen


def found(visits: dict[str, Visit]) -> str:
    """Return one line for each fault."""
    return "\n".join(
        f"{page}: {sort.name}: {fault}"
        for page, seen in visits.items()
        for sort in fields(Visit)
        for fault in getattr(seen, sort.name)
    )


def test_no_page_has_a_fault(site: Site, browser: Browser) -> None:
    visits = {page: visit(browser, f"{site.address}/{page}", WIDTHS) for page in site.pages}
    assert site.chapters
    assert not found(visits), found(visits)


def test_no_page_has_a_fault_when_opened_from_the_disk(site: Site, browser: Browser) -> None:
    visits = {page: visit(browser, (site.folder / page).as_uri(), widths=()) for page in site.pages}
    assert not found(visits), found(visits)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page; closed after the test."""
    opened = []

    def make(url: str, width: int = 1280, height: int = 900, **options: str) -> Page:
        opened.append(browser.new_page(viewport={"width": width, "height": height}, **options))
        opened[-1].goto(url)
        return opened[-1]

    yield make
    for page in opened:
        page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_equation_links_land_on_their_target(site: Site, open_page: Callable[..., Page], width: int) -> None:
    missed, tried = [], 0
    for chapter in site.chapters:
        page = open_page(f"{site.address}/{chapter}", width)
        anchors = page.evaluate(
            """() => [...new Set([...document.querySelectorAll(".equation-anchor, .environment, div.math")]
                 .filter((e) => e.id && !e.closest("details")).map((e) => e.id))]"""
        )
        for anchor in anchors:
            page.evaluate("(id) => { location.hash = ''; scrollTo(0, 0); location.hash = id; }", anchor)
            page.wait_for_timeout(60)
            tried += 1
            if not page.evaluate(IN_WINDOW, anchor):
                missed.append(f"{chapter}#{anchor}")
    assert tried >= 4
    assert not missed


def test_a_click_on_a_reference_moves_to_the_equation(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.address}/{site.chapter}")
    link = page.locator("article p a[href*='#equation-eq-']").first
    target = (link.get_attribute("href") or "").partition("#")[2]
    link.click()
    page.wait_for_timeout(100)
    assert page.url.endswith(f"#{target}")
    assert page.evaluate(IN_WINDOW, target)


def test_the_number_of_an_equation_is_its_permalink(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.address}/{site.chapter}")
    number = page.locator("div.math > .eqno a").first
    assert re.fullmatch(r"\(\S+\)", number.inner_text())
    number.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(50)
    label = page.url.partition("#")[2]
    assert re.fullmatch(r"(eq|def|asm|opt|not)-[a-z]+-[a-z0-9-]+", label)
    assert page.evaluate(IN_WINDOW, label)


def test_links_inside_a_derivation_are_reached_by_keyboard(
    sample_site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{sample_site.address}/{sample_site.chapter}")
    assert page.locator(".katex-html a").first.get_attribute("tabindex") == "-1"
    uses = page.locator(".equation-uses").first
    assert uses.bounding_box()["width"] <= 1
    uses.locator("a").focus()
    assert uses.bounding_box()["width"] > 30
    page.keyboard.press("Enter")
    page.wait_for_timeout(50)
    assert page.url.endswith("eq-lin-short")


def theorem_name(page: Page) -> str:
    """Return the name of the first theorem of a page that has one."""
    return page.locator(".environment.theorem .environment-name").first.text_content().strip("() ")


@pytest.mark.parametrize("word", ["ridge", "argmin", "the theorem's name"])
def test_search_finds(site: Site, open_page: Callable[..., Page], word: str) -> None:
    page = open_page(f"{site.address}/{site.chapter}")
    query = theorem_name(page) if word == "the theorem's name" else word
    page.goto(f"{site.address}/search.html?q={query}")
    page.wait_for_selector("#search-results ul.search li a", timeout=20_000)
    page.wait_for_function("() => !document.querySelector('#search-progress')?.textContent", timeout=20_000)
    results = page.locator("#search-results ul.search li a").evaluate_all("links => links.map((a) => a.href)")
    assert any(Path(site.chapter).name in result for result in results), results


def test_search_results_show_each_formula_once(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.address}/search.html")
    text, readable, source = page.evaluate(
        """async (url) => {
          const html = await (await fetch(url)).text();
          const main = new DOMParser().parseFromString(html, "text/html").querySelector("[role=main]");
          const source = [...main.querySelectorAll("annotation")].map((a) => a.textContent);
          const first = "math semantics > :first-child";
          const readable = [...main.querySelectorAll(first)].map((m) => m.textContent);
          return [Search.htmlToText(html, ""), readable, source];
        }""",
        site.chapter,
    )
    longest = max(readable, key=len)
    assert text.count(longest) == readable.count(longest)
    assert max(source, key=len) not in text
    assert "\u200b" not in text


def switch_theme(page: Page, to: str) -> None:
    """Choose light or dark with the theme's own menu."""
    page.locator("button.theme-switch-button").first.click()
    page.locator(f"button.theme-change-button[data-mode={to}]").first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == to


INKS = """(selector) => [...document.querySelectorAll(selector)].map((svg) => {
  const inks = new Set();
  for (const e of svg.querySelectorAll("path, use, text, rect")) {
    const style = getComputedStyle(e);
    for (const ink of [style.fill, style.stroke]) if (ink.startsWith("rgb(")) inks.add(ink);
  }
  return [...inks].sort().join(" ");
})"""


def test_pages_follow_the_theme_switch(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.address}/{site.chapter}", color_scheme="light")
    colours = []
    for theme in ("light", "dark"):
        switch_theme(page, theme)
        colours.append(
            page.evaluate(
                """() => ["body", ".katex", ".why", "article p"].map((s) => {
                  const style = getComputedStyle(document.querySelector(s));
                  return s === "body" ? style.backgroundColor : style.color;
                })"""
            )
        )
    assert all(light != dark for light, dark in zip(*colours, strict=True)), colours


def test_figures_follow_the_theme_switch(book_site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{book_site.address}/{book_site.chapter}", color_scheme="light")
    inks = []
    for theme in ("light", "dark"):
        switch_theme(page, theme)
        inks.append(page.evaluate(INKS, "svg.book-figure"))
    assert inks[0], "no figure on the page"
    assert all(light != dark for light, dark in zip(*inks, strict=True))


@pytest.mark.parametrize("kind", ["check", "solution"])
def test_folds_open_by_keyboard(site: Site, open_page: Callable[..., Page], kind: str) -> None:
    page = open_page(f"{site.address}/{site.chapter}")
    fold = page.locator(f"article details.{kind}").first
    assert fold.get_attribute("open") is None
    fold.locator("summary").first.focus()
    assert fold.locator("summary").first.evaluate("e => getComputedStyle(e).outlineStyle") != "none"
    page.keyboard.press("Enter")
    assert fold.get_attribute("open") is not None
    page.keyboard.press("Space")
    assert fold.get_attribute("open") is None


def test_paper_is_light_also_in_the_dark(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.address}/{site.chapter}", color_scheme="dark")
    switch_theme(page, "dark")
    page.emulate_media(media="print")
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    inks = page.evaluate(
        """() => [...document.querySelectorAll("article p, article pre, article pre span, article .katex")]
          .map((e) => getComputedStyle(e).color)"""
    )
    assert ground == "rgb(255, 255, 255)"
    pale = [ink for ink in set(inks) if sum(int(part) for part in re.findall(r"\d+", ink)[:3]) > 330]
    assert not pale
    assert page.locator("article h1").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_chapter_stands_still_while_it_loads(
    site: Site, open_page: Callable[..., Page], width: int
) -> None:
    for chapter in site.chapters:
        page = open_page(f"{site.address}/{chapter}", width)
        assert page.evaluate(SHIFT) < 0.05, chapter


def test_no_script_for_mathematics_and_no_icon_script(site: Site) -> None:
    for page in site.pages:
        html = (site.folder / page).read_text(encoding="utf8").lower()
        scripts = re.findall(r"<script[^>]*src=\"([^\"]*)\"", html)
        assert not [s for s in scripts if re.search("mathjax|katex|fontawesome|cdn", s)], page


def test_icons_are_drawn_by_the_web_font(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.address}/{site.chapter}", 390)
    page.evaluate("document.fonts.ready.then(() => true)")
    assert page.evaluate(
        "[...document.fonts].some((f) => /Font ?Awesome/i.test(f.family) && f.status === 'loaded')"
    )
