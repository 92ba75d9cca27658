// What a link refers to, shown beside it: after a moment of hovering, at once on keyboard focus, at the first touch.
// The second touch follows the link, and so does a click with a mouse.  Escape closes.
(function () {
  "use strict";

  const LINKS = '.bd-article a.internal[href*="#"]';
  const TARGET = /^(equation|thm|lem|prop|cor|alg|exm|rem|dfn|exr|term)-/;
  const PATIENCE = 350, GRACE = 250;
  const known = new Map(), waiting = new Map();
  let box, shownFor, timer, touched = false;

  // Each preview is a small script beside the pages: scripts load from a disk too.
  window.bookPreview = (anchor, html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    known.set(anchor, page.body.firstElementChild);
    for (const show of waiting.get(anchor) || []) show();
    waiting.delete(anchor);
  };

  function anchorOf(link) {
    return decodeURIComponent(link.hash.slice(1));
  }

  function titleOf(link) {
    return link.dataset.source || "";
  }

  function load(anchor, show) {
    if (known.has(anchor)) return show();
    if (waiting.has(anchor)) return waiting.get(anchor).push(show);
    waiting.set(anchor, [show]);
    const script = document.createElement("script");
    script.src = `${document.documentElement.dataset.content_root}previews/${encodeURIComponent(anchor)}.js`;
    script.onerror = () => waiting.delete(anchor);
    document.head.append(script);
  }

  function contentOf(link) {
    if (titleOf(link)) {
      const text = document.createElement("p");
      text.textContent = titleOf(link);
      return text;
    }
    const copy = known.get(anchorOf(link)).cloneNode(true);
    for (const one of [copy, ...copy.querySelectorAll("[id]")]) one.removeAttribute("id");
    copy.querySelectorAll(".equation-anchor, .equation-uses, span.target").forEach((one) => one.remove());
    // Links in a preview lead nowhere by themselves: the one below leads to the place.
    for (const one of copy.querySelectorAll("a, [tabindex]")) {
      const text = document.createElement("span");
      text.append(...one.childNodes);
      one.replaceWith(text);
    }
    return copy;
  }

  function show(link) {
    if (shownFor === link) return;
    hide();
    shownFor = link;
    box = document.createElement("aside");
    box.className = "book-preview bd-article";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", `Preview of ${link.textContent.trim()}`);
    box.append(contentOf(link));
    if (touched) {
      const go = document.createElement("a");
      go.href = link.href;
      go.textContent = `Go to ${link.textContent.trim()}`;
      go.className = "book-preview-go";
      box.append(go);
    }
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", leave);
    document.body.append(box);
    place(link);
  }

  // Under the line that refers to it, or above it where there is no room; never beside the screen.
  function place(link) {
    const line = link.getClientRects()[0], size = box.getBoundingClientRect(), edge = 8;
    const left = Math.max(edge, Math.min(line.left, document.documentElement.clientWidth - size.width - edge));
    const below = line.bottom + 6, above = line.top - size.height - 6;
    const top = below + size.height > innerHeight - edge && above > edge ? above : below;
    box.style.left = `${left + scrollX}px`;
    box.style.top = `${top + scrollY}px`;
  }

  function hide() {
    clearTimeout(timer);
    if (box) box.remove();
    box = shownFor = undefined;
  }

  function leave() {
    clearTimeout(timer);
    timer = setTimeout(hide, GRACE);
  }

  function want(link, patience) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (titleOf(link)) show(link);
      else load(anchorOf(link), () => (link.matches(":hover, :focus") || touched) && show(link));
    }, patience);
  }

  function watch(link) {
    // The browser's own tip is out of reach of keyboard and touch.
    if (link.title) {
      link.dataset.source = link.title;
      link.removeAttribute("title");
    }
    link.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && want(link, PATIENCE));
    link.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && leave());
    link.addEventListener("focus", () => link.matches(":focus-visible") && want(link, 0));
    link.addEventListener("blur", leave);
    link.addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"));
    link.addEventListener("click", (event) => {
      if (!touched || shownFor === link) return hide();
      event.preventDefault();
      want(link, 0);
    });
  }

  addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll(LINKS))
      if (link.title ? /bibliography/.test(link.pathname) : TARGET.test(anchorOf(link))) watch(link);
  });
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("pointerdown", (event) => box && !box.contains(event.target) && event.target.closest("a") !== shownFor && hide());
})();
