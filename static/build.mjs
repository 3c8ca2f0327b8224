// Builds src/ and css/ into dist/: names that carry a hash, a manifest that says which is which, .gz and .br beside each file.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";

const DIST = "dist";
const NOT_COMPRESSED = new Set([".woff2", ".png"]);
const LIBRARY = "node_modules/maplibre-gl/dist/maplibre-gl.mjs";
const KEPT_MS = 24 * 3_600_000;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// Files that are served as they come.
const COPIED = [
  "images/mark.svg",
  "images/icon-192.png",
  "images/icon-512.png",
  "node_modules/leaflet/dist/leaflet.js",
];

await mkdir(DIST, { recursive: true });
const bundled = await bundle();
const worker = await bundleWorker();
const manifest = { ...bundled.names, ...worker.names, ...(await copyFiles(COPIED)) };
const current = new Set([...bundled.files, ...worker.files, ...Object.values(manifest)]); // each file once, chunks without a name of their own too
await compressAll([...current]);
await writeWhole(join(DIST, "manifest.json"), JSON.stringify(manifest, null, 2));
await removeOutdated(current);

async function bundle() {
  const result = await build({
    entryPoints: {
      home: "src/home.ts",
      update: "src/update.ts",
      "outbox-page": "src/outbox-page.ts",
      "outbox-badge": "src/outbox-badge.ts",
      main: "css/main.css",
      font: "css/font.css", // for the light map, which has a page of its own
      "home-page": "css/home.css",
      map: "css/map.css",
      leaflet: "leaflet/dist/leaflet.css",
      reports: "css/reports.css",
      places: "css/places.css",
      embed: "css/embed.css", // for frames on other sites
      staff: "css/staff.css",
      register: "src/register.ts",
      "reports-page": "src/reports.ts",
      locations: "src/locations.ts",
      feedback: "src/feedback.ts",
      "feedback-page": "css/feedback.css",
      photos: "css/photos.css", // for the public's page of a project with photos
      "project-page": "css/project.css", // for the public's page of any project
      share: "src/share.ts",
      "photo-slider": "src/photo-slider.ts",
      "photo-review": "src/photo-review.ts",
      maplibre: "maplibre-gl", // of its own, so that a change of ours is not a new download of it
      "maplibre-worker": "node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs",
    },
    outdir: DIST,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    sourcemap: false,
    legalComments: "eof",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".woff2": "file", ".png": "dataurl" },
    metafile: true,
    logLevel: "warning",
  });
  const names = {};
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    const name = basename(path);
    names[name.replace(/-[0-9A-Z]{8}(?=\.[a-z0-9]+$)/, "")] = name;
    if (LIBRARY in output.inputs && name.startsWith("chunk")) names["maplibre-library.js"] = name; // so that pages ask for it early
  }
  return { names, files: Object.keys(result.metafile.outputs).map((path) => basename(path)) };
}

// Of its own, in one file: not every browser's service worker can import.
async function bundleWorker() {
  const result = await build({
    entryPoints: ["src/service-worker.ts"],
    outdir: DIST,
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    entryNames: "[name]-[hash]",
    metafile: true,
    logLevel: "warning",
  });
  const files = Object.keys(result.metafile.outputs).map((path) => basename(path));
  return { names: { "service-worker.js": files[0] }, files };
}

async function copyFiles(paths) {
  const names = {};
  for (const path of paths) {
    const name = basename(path);
    const content = await readFile(path);
    const hashed = `${name.slice(0, -extname(name).length)}-${shortHash(content)}${extname(name)}`;
    await writeFile(join(DIST, hashed), content);
    names[name] = hashed;
  }
  return names;
}

function shortHash(content) {
  const digest = createHash("sha256").update(content).digest();
  return Array.from(digest.subarray(0, 8), (byte) => BASE32[byte % 32]).join("");
}

async function compressAll(names) {
  await Promise.all(
    names.filter((name) => !NOT_COMPRESSED.has(extname(name)) && !existsSync(join(DIST, `${name}.br`))).map(compress),
  );
}

// A server that started before this build still refers to the files of its own: they stay for a day.
async function removeOutdated(current) {
  const outdated = (await readdir(DIST)).filter(
    (name) => name !== "manifest.json" && !current.has(name.replace(/\.(gz|br)$/, "")),
  );
  for (const path of outdated.map((name) => join(DIST, name))) {
    if (Date.now() - (await stat(path)).mtimeMs > KEPT_MS) await rm(path);
  }
}

async function compress(name) {
  const path = join(DIST, name);
  const content = await readFile(path);
  const brotli = {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  };
  await writeWhole(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
  await writeWhole(`${path}.br`, await promisify(brotliCompress)(content, brotli));
}

// Whoever reads the file meanwhile sees the old one or the new one, never a part.
async function writeWhole(path, content) {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
