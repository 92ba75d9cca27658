// The menu of the files to take away, and permalinks whose address is copied with a click.
(function () {
  "use strict";

  // The list has names and sizes; addresses are seen from the top of the book.
  function fillMenu() {
    const menu = document.querySelector(".dropdown-book-files .dropdown-menu");
    const root = document.documentElement.dataset.content_root ?? "./";
    for (const { kind, file, size, purpose } of menu ? window.bookFiles ?? [] : []) {
      const link = document.createElement("a");
      link.className = "dropdown-item";
      link.href = root + file;
      link.download = "";
      for (const [tag, text] of [["span", kind], ["small", size], ["small", purpose]])
        link.appendChild(document.createElement(tag)).textContent = text;
      menu.appendChild(document.createElement("li")).append(link);
    }
  }

  // Where the browser has no clipboard for the page the link still works: its address stands in the address bar.
  function copyAddresses() {
    const said = document.createElement("div");
    said.className = "book-said";
    said.setAttribute("role", "status");
    document.body.append(said);
    let timer;
    document.addEventListener("click", async (event) => {
      const link = event.target.closest?.(".bd-article a.headerlink, .bd-article .eqno a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !navigator.clipboard) return;
      try {
        await navigator.clipboard.writeText(link.href);
      } catch {
        return;
      }
      said.textContent = "Link copied";
      clearTimeout(timer);
      timer = setTimeout(() => (said.textContent = ""), 2000);
    });
  }

  // The theme names its buttons in tooltips, which not every screen reader says.
  function nameButtons() {
    for (const button of document.querySelectorAll(".article-header-buttons button[title], button.sidebar-toggle[title]"))
      button.setAttribute("aria-label", button.title);
    // On touch screens and in some frames there is no full screen: a button that does nothing is worse than none.
    if (!document.fullscreenEnabled) document.querySelector(".btn-fullscreen-button")?.remove();
  }

  addEventListener("DOMContentLoaded", function () {
    fillMenu();
    copyAddresses();
    nameButtons();
  });
})();
