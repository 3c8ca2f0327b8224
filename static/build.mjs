// Builds src/ and css/ into dist/: names that carry a hash, a manifest that says which is which, .gz and .br beside each file.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";

const DIST = "dist";
const NOT_COMPRESSED = new Set([".woff2", ".png", ".gz", ".br", ".json"]);
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// Files that are served as they come.
const COPIED = [
  "images/mark.svg",
  "node_modules/leaflet/dist/leaflet.js",
];

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST);
const built = await bundle();
const manifest = { ...built, ...(await copyFiles(COPIED)) };
await writeFile(join(DIST, "manifest.json"), JSON.stringify(manifest, null, 2));
await compressAll();

async function bundle() {
  const result = await build({
    entryPoints: {
      home: "src/home.ts",
      main: "css/main.css",
      font: "css/font.css", // for the light map, which has a page of its own
      "home-page": "css/home.css",
      map: "css/map.css",
      leaflet: "leaflet/dist/leaflet.css",
      reports: "css/reports.css",
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
  for (const path of Object.keys(result.metafile.outputs)) {
    const name = basename(path);
    names[name.replace(/-[0-9A-Z]{8}(?=\.[a-z0-9]+$)/, "")] = name;
  }
  return names;
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

async function compressAll() {
  const files = (await readdir(DIST)).filter((name) => !NOT_COMPRESSED.has(extname(name)));
  await Promise.all(files.map(compress));
}

async function compress(name) {
  const path = join(DIST, name);
  const content = await readFile(path);
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
  await writeFile(`${path}.br`, await promisify(brotliCompress)(content, brotli));
}
