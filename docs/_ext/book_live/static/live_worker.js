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

async function run({ id, code, number, alt }) {
  const say = (text) => postMessage({ id, progress: text });
  try {
    started = started || start(say);
    const engine = await started;
    await load(engine, code, say);
    say("Running");
    const before = performance.now();
    const parts = engine.runner.run(code, number, alt).toJs({ dict_converter: Object.fromEntries });
    postMessage({ id, parts, seconds: (performance.now() - before) / 1000 });
  } catch (error) {
    started = null;
    postMessage({ id, broken: String(error.message || error) });
  }
}

let last = Promise.resolve();
addEventListener("message", ({ data }) => (last = last.then(() => run(data))));
