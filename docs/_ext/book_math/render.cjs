// Reads the settings and then one request a line ({tex, display}) from standard input,
// answers each with one line: {html} or {fault: {code, message, position}}.
"use strict";
const readline = require("node:readline");
const katex = require("katex");

// The classes that a macro may put on a part of a formula.
const CLASSES = new Set(["why"]);

// KaTeX lets these pass in one way or another (an exception thrown inside `strict` is swallowed for
// newLineInDisplayMode, a command that `trust` refuses becomes red text): they are noted and looked at afterwards.
function render({ tex, display }, settings) {
  const noted = [];
  const options = {
    displayMode: display,
    throwOnError: true,
    output: "htmlAndMathml",
    strict: (code, message, token) => {
      if (code !== "htmlExtension") noted.push({ code, message, position: token?.loc?.start });
      return "ignore";
    },
    trust: (context) => {
      const trusted =
        (context.command === "\\htmlClass" && CLASSES.has(context.class)) ||
        (context.command === "\\href" && context.protocol === "_relative");
      if (!trusted) noted.push({ code: "untrusted", message: `${context.command} is not allowed here` });
      return trusted;
    },
  };
  // A fresh table each time, so that no formula changes the meaning of the next.
  const fresh = () => ({ ...options, macros: { ...settings.macros } });
  try {
    const html = katex.renderToString(tex, fresh());
    const symbol = unicodeSymbol(katex.__parse(tex, fresh()), tex.normalize("NFD"));
    if (symbol) noted.push({ code: "unicodeSymbol", message: `the character "${symbol}" is used as mathematics` });
    return noted.length ? { fault: noted[0] } : { html };
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return { fault: { code: "parse", message: error.rawMessage, position: error.position } };
  }
}

// The first character outside ASCII that the author wrote as a symbol of mathematics: LaTeX may have no glyph for it.
function unicodeSymbol(tree, written) {
  if (tree === null || typeof tree !== "object") return undefined;
  const { mode, text } = tree;
  if (mode === "math" && typeof text === "string" && /[^\x00-\x7f]/.test(text) && written.includes(text)) return text;
  for (const part of Object.values(tree)) {
    const found = unicodeSymbol(part, written);
    if (found) return found;
  }
  return undefined;
}

let settings;
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (settings === undefined) {
    settings = message;
    return;
  }
  process.stdout.write(`${JSON.stringify(render(message, settings))}\n`);
});
