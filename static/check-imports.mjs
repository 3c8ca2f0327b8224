// Holds two rules of the front end: subjects do not import each other, and only api/ talks to the server.

import { readdir, readFile } from "node:fs/promises";
import { join, normalize, sep } from "node:path";

const SUBJECTS = new Set(["map", "project", "search", "outbox", "camera"]);
const SHARED = new Set(["lib", "api", "dom"]);
// The service worker stands between pages and the server: it passes on what they ask.
const PASSES_ON = new Set(["outbox/public-cache.ts", "service-worker.ts", join("outbox", "page-cache.ts")]);
const problems = [];

for (const name of await readdir("src", { recursive: true })) {
  if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
  const text = await readFile(join("src", name), "utf8");
  const subject = name.split(sep)[0];
  for (const [, target] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
    const other = normalize(join("src", name, "..", target)).split(sep)[1];
    if (SUBJECTS.has(subject) && SUBJECTS.has(other) && other !== subject)
      problems.push(`${name} imports ${target}: ${subject} must not know ${other}`);
    if (subject === "lib" && other !== "lib") problems.push(`${name} imports ${target}: lib stands alone`);
    if (SHARED.has(subject) && SUBJECTS.has(other))
      problems.push(`${name} imports ${target}: ${subject} must not know ${other}`);
  }
  if (subject !== "api" && !PASSES_ON.has(name) && /\bfetch\(/.test(text))
    problems.push(`${name} calls fetch: only api/ talks to the server`);
  const exported = [...text.matchAll(/^export (?:async )?(?:function|class|const) (\w+)/gm)].map((match) => match[1]);
  if (exported.length === 0 && name.includes(sep) && !/^export (type|interface)/m.test(text))
    problems.push(`${name} exports nothing`);
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;
