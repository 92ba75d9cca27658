// What a page needs a script for: the colours at first paint, scrolling by keyboard, and clean search results.
(function () {
  "use strict";

  // The theme decides between light and dark after the page is read; until then it would have no colours.
  const root = document.documentElement;
  if (root.dataset.theme === "auto")
    root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

  // A page on a disk may not fetch others: there the results of a search have no excerpts.
  if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined")
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  // A box that scrolls sideways must be reachable by keyboard, one that does not must not take the focus.
  const BOXES = [
    ["div.math > .equation-body", "Equation"],
    [".bd-article pre", "Code"],
    [".bd-article .pst-scrollable-table-container", "Table"],
  ];

  function name(box, kind) {
    const number = box.parentElement.querySelector(":scope > .eqno");
    return `${kind}${number ? ` ${number.textContent.trim()}` : ""}, scrolls sideways`;
  }

  function fit(box, kind) {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", name(box, kind));
    } else {
      for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
    }
  }

  function watch() {
    const kinds = new Map();
    const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => fit(target, kinds.get(target))));
    function add(box, kind) {
      kinds.set(box, kind);
      observer.observe(box);
    }
    for (const [selector, kind] of BOXES) for (const box of document.querySelectorAll(selector)) add(box, kind);
    // A box that a script has added to the page since.
    document.addEventListener("book:added", ({ detail }) => add(detail, "Output"));
  }

  // Names of the theme and of the folds of cells that leave out the words which are seen.
  function nameByWords() {
    for (const one of document.querySelectorAll(".search-button-field, summary[aria-label='Toggle hidden content']"))
      one.removeAttribute("aria-label");
  }

  // The arrows that fold the table of contents say nothing to those who do not see them.
  function nameFolds() {
    for (const fold of document.querySelectorAll("summary:has(> .toctree-toggle)"))
      fold.setAttribute("aria-label", `Pages of ${fold.closest("li").querySelector("a").textContent.trim()}`);
  }

  // The text of a page holds each formula as MathML, as TeX and as it looks: a search result shows the first alone.
  function cleanResults() {
    if (typeof Search === "undefined" || !Search.htmlToText) return;
    const original = Search.htmlToText;
    Search.htmlToText = function (html, anchor) {
      const page = new DOMParser().parseFromString(html, "text/html");
      page.querySelectorAll(".katex-html, .katex annotation").forEach((copy) => copy.remove());
      return original.call(Search, page.documentElement.outerHTML, anchor);
    };
  }

  // What the reader has not scrolled to has not asked for its fonts, and would be blank when the page is printed.
  function loadFonts() {
    if (!document.querySelector(".katex")) return;
    for (const font of document.fonts)
      if (/^"?KaTeX_(Main|Math|AMS|Size)/.test(font.family)) font.load();
  }

  addEventListener("DOMContentLoaded", function () {
    watch();
    nameFolds();
    nameByWords();
    cleanResults();
  });
  addEventListener("load", () => setTimeout(loadFonts, 500));
  addEventListener("beforeprint", loadFonts);
})();
