// Open the folded solution that holds the target of a link; print all solutions.
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

  let opened = [];
  addEventListener("beforeprint", function () {
    opened = [...document.querySelectorAll("details.solution:not([open])")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", function () {
    for (const fold of opened) fold.open = false;
  });
  addEventListener("hashchange", openTarget);
  addEventListener("DOMContentLoaded", openTarget);
  // A second click on the same link changes no hash.
  addEventListener("click", function (event) {
    const link = event.target.closest && event.target.closest("a[href^='#'], a[href*='#']");
    if (link && link.hash && link.hash === location.hash && link.pathname === location.pathname) openTarget();
  });
})();
