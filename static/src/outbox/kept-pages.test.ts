import assert from "node:assert/strict";
import test from "node:test";
import { accountIn, assetsIn, isKeptPage, withKeptAt } from "./kept-pages";

test("only pages to write on are kept", () => {
  for (const path of ["/outbox", "/work", "/packages/JLN-2026-001/updates/new", "/packages/A/B/updates/new"]) {
    assert.ok(isKeptPage(path), path);
  }
  for (const path of [
    "/",
    "/outbox/session",
    "/packages/A",
    "/packages//updates/new",
    "/packages/A/updates",
    "/leader",
    "/login",
    "/workers",
  ]) {
    assert.ok(!isKeptPage(path), path);
  }
});

test("files of a page, of a script and of a style sheet", () => {
  const html = `<link href="/static/main-AB.css"><script src='/static/update-CD.js'></script><a href="/data">`;
  assert.deepEqual(assetsIn(html, "/outbox"), ["/static/main-AB.css", "/static/update-CD.js"]);
  assert.deepEqual(assetsIn(`import{a}from"./chunk-X1.js";import"./chunk-X1.js"`, "/static/update-CD.js"), [
    "/static/chunk-X1.js",
  ]);
  assert.deepEqual(assetsIn("src:url(./font-Q.woff2)", "/static/main-AB.css"), ["/static/font-Q.woff2"]);
  assert.deepEqual(assetsIn(`"../../etc/a.js" "https://other.example/static/a.js"`, "/static/a/b.js"), []);
});

test("a page belongs to an account", () => {
  assert.equal(accountIn(`<head><meta name="account" content="17">`), "17");
  assert.equal(accountIn("<head></head>"), null);
});

test("a kept page says when it was kept", () => {
  assert.equal(
    withKeptAt('<!doctype html>\n<html lang="id">', '2026-11-24T01:00:00.000Z"><x'),
    '<!doctype html>\n<html data-kept-at="2026-11-24T01:00:00.000Zx" lang="id">',
  );
});
