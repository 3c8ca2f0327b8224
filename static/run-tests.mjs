// Runs the tests beside the pure functions: bundled by esbuild, since Node 20 does not read TypeScript, then by Node's own runner.

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const tests = (await readdir("src", { recursive: true }))
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => join("src", name));
const folder = await mkdtemp(join(tmpdir(), "petakarya-tests-"));
try {
  await build({
    entryPoints: tests,
    outdir: folder,
    bundle: true,
    platform: "node",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
  const built = (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith(".mjs"))
    .map((name) => join(folder, name));
  process.exitCode =
    spawnSync(process.execPath, ["--test", "--test-reporter=dot", ...built], { stdio: "inherit" }).status ?? 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
