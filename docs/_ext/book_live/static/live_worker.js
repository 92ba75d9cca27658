// Python in a worker: one namespace, one cell after the other.  The page ends it by terminating the worker.
"use strict";

const BASE = new URL("live/", self.location);
const NAMES = { numpy: "NumPy", scipy: "SciPy", matplotlib: "matplotlib" };
let started = null;

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function bytesOf(name, options) {
  const answer = await fetch(new URL(name, BASE), options);
  if (!answer.ok) throw new Error(`${name} cannot be loaded (${answer.status})`);
  return answer;
}

async function start(say) {
  // What the build wrote last: the name of the package changes with its content.
  const manifest = await (await bytesOf("manifest.json", { cache: "no-cache" })).json();
  say(`Loading Python, ${megabytes(manifest.sizes.python)}`);
  importScripts(new URL("pyodide/pyodide.js", BASE).href);
  const python = await loadPyodide({ indexURL: new URL("pyodide/", BASE).href });
  const folder = "/home/pyodide/book";
  python.unpackArchive(await (await bytesOf(manifest.package)).arrayBuffer(), "zip", { extractDir: folder });
  python.runPython(`import sys; sys.path.insert(0, "${folder}")`);
  const module = python.pyimport("book_live.runner");
  return { python, module, runner: module.Runner(), sizes: manifest.sizes, loaded: new Set() };
}

async function load(engine, code, say) {
  const libraries = Object.keys(NAMES);
  for (const name of engine.module.needed(code, engine.python.toPy(libraries)).toJs()) {
    if (engine.loaded.has(name)) continue;
    say(`Loading ${NAMES[name]}, ${megabytes(engine.sizes[name])}`);
    const errors = [];
    await engine.python.loadPackage(name, { messageCallback() {}, errorCallback: (text) => errors.push(text) });
    if (errors.length) throw new Error(errors.join("; "));
    engine.loaded.add(name);
  }
}

// What an answer is compared with needs NumPy and SciPy.
const CHECKING = "from mlderived import checking";

async function run({ id, code, number, alt, task }) {
  const say = (text) => postMessage({ id, progress: text });
  try {
    started = started || start(say);
    const engine = await started;
    await load(engine, task ? CHECKING : code, say);
    say("Running");
    const before = performance.now();
    const shown = task
      ? engine.python.pyimport("book_live.answers").answer(task, code)
      : engine.runner.run(code, number, alt);
    const parts = [shown.toJs({ dict_converter: Object.fromEntries })].flat();
    postMessage({ id, parts, seconds: (performance.now() - before) / 1000 });
  } catch (error) {
    started = null;
    postMessage({ id, broken: String(error.message || error) });
  }
}

let last = Promise.resolve();
addEventListener("message", ({ data }) => (last = last.then(() => run(data))));
