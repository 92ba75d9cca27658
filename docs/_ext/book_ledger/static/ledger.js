// Sort and filter the tables of the ledger.  Without a script they stand in the order of the book.
(function () {
  "use strict";

  // Numbers by value (5.10 after 5.9, 1e-6 after 1e-9), everything else by letter.
  function compare(a, b) {
    const x = Number(a), y = Number(b);
    if (a && b && !Number.isNaN(x) && !Number.isNaN(y) && /e/.test(a + b)) return x - y;
    return a.localeCompare(b, "en", { numeric: true });
  }

  function sort(table, column, heads) {
    const head = heads[column];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const text = (row) => row.cells[column].textContent.trim();
    const rows = [...table.tBodies[0].rows];
    // Empty cells stay at the end, whichever way.
    rows.sort((a, b) => !text(a) - !text(b) || (down ? -1 : 1) * compare(text(a), text(b)));
    table.tBodies[0].append(...rows);
  }

  function makeSortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(table, column, heads));
      head.replaceChildren(button);
    });
  }

  function labelled(text, control) {
    const label = document.createElement("label");
    label.append(text, control);
    return label;
  }

  function choice(rows, column, any) {
    const select = document.createElement("select");
    const values = new Set(rows.map((row) => row.cells[column].textContent.trim()).filter(Boolean));
    select.append(new Option(any, ""), ...[...values].sort().map((value) => new Option(value, value)));
    return select;
  }

  function makeFilter(ledger) {
    const tables = [...ledger.querySelectorAll("table.ledger-table")];
    const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
    const find = document.createElement("input");
    find.type = "search";
    const basis = choice(rows, 2, "all"), evidence = choice(rows, 3, "all");
    const count = document.createElement("output");
    const bar = document.createElement("form");
    bar.className = "ledger-filter";
    bar.setAttribute("role", "search");
    bar.setAttribute("aria-label", "Labels");
    bar.append(labelled("Find", find), labelled("Basis", basis), labelled("Evidence", evidence), count);

    function show() {
      const words = find.value.toLowerCase().split(/\s+/);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !(
          words.every((word) => text.includes(word)) &&
          [[2, basis], [3, evidence]].every(([column, { value }]) => !value || row.cells[column].textContent.trim() === value)
        );
        shown += !row.hidden;
      }
      for (const table of tables) table.hidden = [...table.tBodies[0].rows].every((row) => row.hidden);
      count.textContent = `${shown} of ${rows.length} labels`;
    }

    bar.addEventListener("input", show);
    bar.addEventListener("submit", (event) => event.preventDefault());
    ledger.prepend(bar);
    show();
  }

  addEventListener("DOMContentLoaded", function () {
    const ledger = document.querySelector(".ledger");
    if (!ledger) return;
    ledger.querySelectorAll("table.ledger-table").forEach(makeSortable);
    makeFilter(ledger);
  });
})();
