// Buttons below the live cells: edit, run, stop, reset.  Nothing is loaded before the first run.
(function () {
  "use strict";

  // A page from the disk may start no worker; its cells stay as they are.
  if (!location.protocol.startsWith("http") || !self.Worker || !self.WebAssembly) return;
  document.documentElement.classList.add("live");

  const WORKER = new URL("live_worker.js", document.currentScript.src).href;
  const STOPPED = "Stopped. The names of this page are gone; run the cells above again.";
  const cells = [];
  const fields = []; // for the answers to exercises
  const queue = []; // cells that wait; the first one is running
  let worker = null;
  let busy = false;

  // Edited text stays on the device; where nothing can be stored it lasts as long as the page.
  const storage = {
    key: (cell) => `live ${location.pathname} ${cell.number}`,
    load(cell) {
      try {
        const { of, code } = JSON.parse(localStorage.getItem(this.key(cell)) ?? "{}");
        return of === cell.original ? code : undefined;
      } catch {
        return undefined;
      }
    },
    save(cell) {
      try {
        if (edited(cell)) localStorage.setItem(this.key(cell), JSON.stringify({ of: cell.original, code: code(cell) }));
        else localStorage.removeItem(this.key(cell));
      } catch {
        // Nothing can be stored here.
      }
    },
  };

  function make(tag, properties = {}, parent = null) {
    const element = Object.assign(document.createElement(tag), properties);
    if (parent) parent.append(element);
    return element;
  }

  function code(cell) {
    return cell.editor ? cell.editor.value : cell.original;
  }

  function edited(cell) {
    return code(cell) !== cell.original;
  }

  function say(cell, text) {
    cell.state.textContent = text;
  }

  // Editing

  function runWithKeys(cell) {
    cell.editor.addEventListener("keydown", function (event) {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      ask([cell]);
    });
  }

  function edit(cell) {
    const fold = cell.input.closest("details");
    if (fold) fold.open = true;
    if (!cell.editor) {
      cell.editor = make("textarea", {
        className: "live-editor",
        value: cell.original,
        rows: cell.original.split("\n").length,
        spellcheck: false,
        autocapitalize: "off",
      });
      cell.editor.setAttribute("aria-label", `Code of cell ${cell.number}`);
      cell.editor.addEventListener("input", function () {
        cell.editor.rows = cell.editor.value.split("\n").length;
        storage.save(cell);
        show(cell);
      });
      runWithKeys(cell);
      cell.input.hidden = true;
      cell.input.after(cell.editor);
    }
    show(cell);
  }

  function reset(cell) {
    if (cell.editor) cell.editor.remove();
    cell.editor = null;
    cell.input.hidden = false;
    storage.save(cell);
    clear(cell);
    say(cell, "As in the book. What this cell defined stays until it runs again.");
    cell.buttons.edit.focus();
    show(cell);
  }

  // Outputs

  function clear(cell) {
    cell.output.replaceChildren();
    cell.source.hidden = true;
  }

  function part(cell, { kind, text, svg }) {
    if (kind === "figure") {
      const figure = make("div", { className: "live-figure" }, cell.output);
      figure.append(document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true));
      return;
    }
    const box = make("pre", { textContent: text, className: `live-${kind}` }, cell.output);
    document.dispatchEvent(new CustomEvent("book:added", { detail: box }));
  }

  function display(cell, parts, seconds) {
    clear(cell);
    cell.source.hidden = !cell.built;
    make("p", { className: "live-source", textContent: edited(cell) ? "Yours" : "From this run" }, cell.output);
    for (const one of parts) part(cell, one);
    const failed = parts.find(({ kind }) => kind === "error");
    const above = cells.some(({ number, ran }) => number < cell.number && !ran);
    cell.ran = !failed;
    if (failed && failed.name === "NameError" && above)
      part(cell, { kind: "text", text: "Cells above have not run yet: press «Run all above» first." });
    say(cell, failed ? "Stopped by an error." : `Ran in ${seconds.toFixed(1)} s${parts.length ? "" : ", shows nothing"}.`);
  }

  // Running

  function ask(list) {
    for (const cell of list) if (!queue.includes(cell)) queue.push(cell);
    for (const cell of queue.slice(1)) say(cell, "Waiting");
    if (!busy) next();
  }

  function next() {
    const cell = queue[0];
    busy = Boolean(cell);
    [...cells, ...fields].forEach(show);
    if (!cell) return;
    if (!worker) {
      worker = new Worker(WORKER);
      worker.addEventListener("message", answer);
      worker.addEventListener("error", (event) => answer({ data: { id: queue[0]?.number, broken: event.message } }));
    }
    say(cell, "Starting");
    worker.postMessage({ id: cell.number, code: code(cell), number: cell.number, alt: cell.alt, task: cell.task });
  }

  function answer({ data }) {
    const cell = queue[0];
    if (!cell || data.id !== cell.number) return;
    if (data.progress) return say(cell, `${data.progress} …`);
    if (data.broken) return stop(`This does not work here: ${data.broken}`);
    queue.shift();
    if (cell.task) return reply(cell, data.parts[0]);
    display(cell, data.parts, data.seconds);
    // What comes after an error rests on what did not run.
    if (!cell.ran) for (const other of queue.splice(0)) say(other, "");
    next();
  }

  function reply(field, { kind, text }) {
    say(field, "");
    field.output.replaceChildren();
    part(field, { kind, text });
    next();
  }

  function stop(words) {
    if (worker) worker.terminate();
    worker = null;
    for (const cell of queue.splice(0)) say(cell, words);
    busy = false;
    for (const cell of cells) cell.ran = false;
    [...cells, ...fields].forEach(show);
  }

  // Buttons

  function button(cell, label, action) {
    const made = make("button", { type: "button", className: "live-button", textContent: label }, cell.bar);
    made.setAttribute("aria-label", `${label}, ${cell.name}`);
    made.addEventListener("click", action);
    return made;
  }

  function show(cell) {
    const { run, above, edit: editing, reset: resetting } = cell.buttons;
    const waits = queue.includes(cell);
    run.textContent = waits ? "Stop" : cell.task ? "Check" : "Run";
    run.setAttribute("aria-label", `${run.textContent}, ${cell.name}`);
    if (cell.task) return;
    if (above) above.disabled = busy;
    editing.hidden = Boolean(cell.editor);
    resetting.hidden = !cell.editor && !cell.output.childElementCount;
  }

  function prepare(bar) {
    const box = bar.closest("div.cell");
    const pre = box.querySelector(".cell_input pre");
    const built = box.querySelector(".cell_output");
    const drawing = built && built.querySelector("svg.book-figure");
    const cell = {
      bar,
      built,
      number: Number(bar.dataset.cell),
      name: `cell ${bar.dataset.cell}`,
      input: pre.closest(".cell_input"),
      original: pre.textContent.replace(/\n$/, ""),
      alt: drawing ? drawing.getAttribute("aria-label") : "",
      editor: null,
      ran: false,
    };
    cell.source = make("p", { className: "live-source", textContent: "From the book", hidden: true });
    bar.after(cell.source);
    cell.output = make("div", { className: "live-output" });
    cell.output.setAttribute("aria-live", "polite");
    box.append(cell.output);
    cell.buttons = {
      run: button(cell, "Run", () => (queue.includes(cell) ? stop(STOPPED) : ask([cell]))),
      above: cell.number > 1 ? button(cell, "Run all above", () => ask(cells.slice(0, cell.number - 1))) : null,
      edit: button(cell, "Edit", function () {
        edit(cell);
        cell.editor.focus();
        say(cell, "Ctrl+Enter runs, Tab leaves the editor.");
      }),
      reset: button(cell, "Reset", () => reset(cell)),
    };
    cell.state = make("span", { className: "live-state" }, bar);
    cell.state.setAttribute("role", "status");
    cells.push(cell);
    const kept = storage.load(cell);
    if (kept !== undefined) {
      edit(cell);
      cell.editor.value = kept;
      cell.editor.rows = kept.split("\n").length;
    }
    show(cell);
  }

  // A field below an exercise: one formula, compared with a check and never told.
  function prepareField(box, index) {
    const field = { number: `answer ${index + 1}`, name: "your formula", task: box.dataset.task, original: "" };
    field.editor = make("textarea", { className: "live-editor", rows: 2, spellcheck: false, autocapitalize: "off" }, box);
    box.querySelector("p").id = `answer-${index + 1}`;
    field.editor.setAttribute("aria-labelledby", `answer-${index + 1}`);
    runWithKeys(field);
    field.bar = make("div", { className: "live-bar" }, box);
    field.buttons = { run: button(field, "Check", () => (queue.includes(field) ? stop(STOPPED) : ask([field]))) };
    field.state = make("span", { className: "live-state" }, field.bar);
    field.state.setAttribute("role", "status");
    field.output = make("div", { className: "live-output" }, box);
    field.output.setAttribute("aria-live", "polite");
    fields.push(field);
  }

  addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll(".live-bar").forEach(prepare);
    document.querySelectorAll(".live-answer").forEach(prepareField);
  });
})();
