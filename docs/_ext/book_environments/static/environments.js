// Open the folded solution that holds the target of a link; remember which are open; print all.
(function () {
  "use strict";

  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = target && target.closest("details.solution");
    if (fold) {
      fold.open = true;
      // After the browser's own attempt, which may have met the closed fold.
      requestAnimationFrame(function () {
        target.scrollIntoView({ behavior: "instant" });
      });
    }
  }

  // Which solutions are open stays on the device, where something can be stored there.
  const KEY = `solutions ${location.pathname}`;

  function remember() {
    const open = [...document.querySelectorAll("details.solution[open]")].map((fold) => fold.id);
    try {
      if (open.length) localStorage.setItem(KEY, JSON.stringify(open));
      else localStorage.removeItem(KEY);
    } catch {
      // Nothing can be stored here.
    }
  }

  function recall() {
    let open = [];
    try {
      open = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    } catch {
      // Nothing can be read here.
    }
    for (const fold of document.querySelectorAll("details.solution")) {
      if (open.includes(fold.id)) fold.open = true;
      // Not «toggle», which printing fires too.
      fold.querySelector("summary").addEventListener("click", () => setTimeout(remember));
    }
  }

  let opened = [];
  addEventListener("beforeprint", function () {
    opened = [...document.querySelectorAll("details.solution:not([open])")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", function () {
    for (const fold of opened) fold.open = false;
  });
  addEventListener("hashchange", openTarget);
  addEventListener("DOMContentLoaded", function () {
    recall();
    openTarget();
  });
  // A second click on the same link changes no hash.
  addEventListener("click", function (event) {
    const link = event.target.closest && event.target.closest("a[href^='#'], a[href*='#']");
    if (link && link.hash && link.hash === location.hash && link.pathname === location.pathname) openTarget();
  });
})();
