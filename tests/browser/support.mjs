// What the scenarios share: a node of our own, a browser, and a list of tests that run one after the other.

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import http from "node:http";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

export const here = dirname(fileURLToPath(import.meta.url));
export const run = promisify(execFile);

/** How long any one condition may take, in milliseconds: generous, for slow machines. */
export const PATIENCE = 30_000;
/** How long a whole test may take, in milliseconds. */
const TEST_LIMIT = 120_000;

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-proxy-server",
];

/** The environment without proxies: everything here is on this machine. */
export const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));

// ── Tests ──

const tests = [];

/** Adds a test. They run in order, and later ones build on what earlier ones did. */
export const test = (name, body) => tests.push({ name, body });

/** Thrown by a test that lacks what it needs. */
export class Skip extends Error {}

const limited = (body, world) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${TEST_LIMIT / 1000} s`)), TEST_LIMIT);
  });
  return Promise.race([body(world), late]).finally(() => clearTimeout(timer));
};

/** Runs all tests, or those whose name holds one of `only`, and returns the exit code. */
export const runAll = async (world, only) => {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, body } of tests) {
    if (only.length && !only.some((word) => name.includes(word))) continue;
    const begun = Date.now();
    try {
      const note = await limited(body, world);
      count.passed++;
      const took = `${((Date.now() - begun) / 1000).toFixed(1)} s`;
      console.log(`ok      ${name} (${typeof note === "string" ? `${note}, ` : ""}${took})`);
    } catch (error) {
      if (error instanceof Skip) {
        count.skipped++;
        console.log(`skipped: ${name}: ${error.message}`);
      } else {
        count.failed++;
        console.log(`FAILED  ${name}\n${String(error.stack ?? error).replace(/^/gm, "        ")}`);
      }
    }
  }
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count.failed || !count.passed ? 1 : 0;
};

// ── The node ──

const binary = () =>
  process.env.LAMPION_BIN ??
  join(process.env.CARGO_TARGET_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "lampion-target"), "debug/lampion");

/** Starts a node on free ports and resolves when it answers. */
export const startNode = async () => {
  const folder = mkdtempSync(join(tmpdir(), "lampion-browser-"));
  const ready = join(folder, "ready.json");
  const any = "127.0.0.1:0";
  const args = ["serve", "--http", any, "--content", any, "--https", any, "--content-https", any, "--no-qr",
    "--ready-file", ready, "--mail", "127.0.0.1", "--data", join(folder, "data")];
  if (!existsSync(binary())) throw new Error(`${binary()} is missing: run cargo build, or set LAMPION_BIN`);
  const child = spawn(binary(), args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => { log = (log + bytes).slice(-20_000); });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve, reject) => {
    const watcher = watch(folder, () => look());
    const look = () => { if (existsSync(ready)) { watcher.close(); resolve(); } };
    ended.then((code) => { watcher.close(); reject(new Error(`the node ended with ${code}:\n${log}`)); });
    look();
  });
  const told = JSON.parse(readFileSync(ready, "utf8"));
  return {
    folder,
    url: `http://${told.http}`,
    content: `http://${told.content}`,
    https: `https://${told.https}`,
    firstStart: told.first_start,
    listens: told.listens,
    log: () => log,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** One request without a browser, over a connection of its own; `wire` is every byte that came, headers too. */
export const request = (url, { headers = {}, method = "GET", body } = {}) =>
  new Promise((resolve, reject) => {
    const asked = http.request(url, { method, headers, agent: false }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => resolve({
        status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces), wire: response.socket.bytesRead,
      }));
    });
    asked.on("error", reject);
    asked.end(body);
  });

// ── The browser ──

/** Starts Chromium. */
export const startBrowser = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS, env: environment });

/** A context whose waits have our patience. */
export const context = async (world, options = {}) => {
  const made = await world.browser.newContext({ locale: "en-GB", ...options });
  made.setDefaultTimeout(PATIENCE);
  return made;
};

/** A page in a fresh context, gone when `body` is done. */
export const visitor = async (world, options, body) => {
  const made = await context(world, options);
  try {
    return await body(await made.newPage());
  } finally {
    await made.close();
  }
};

/** A page with the operator's session in a context of its own. */
export const operator = (world, options, body) =>
  visitor(world, { ...options, storageState: world.session }, body);

/** Waits until `check` gives something true; the browser's own waiting is used where it can be said so. */
export const until = async (page, check, what) => {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    // Not by the page's own clock: without JavaScript it has none.
    await new Promise((next) => setTimeout(next, 30));
  }
};

/** Keeps a picture of a page if LAMPION_SHOTS names a folder for them. */
export const picture = async (page, name) => {
  const folder = process.env.LAMPION_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
};

/** The article's frame, when it has loaded an address that ends so. */
export const articleFrame = (page, world, ending = "") =>
  until(page, () => page.frames().find((frame) => frame.url().startsWith(world.node.content) && decodeURIComponent(frame.url()).endsWith(ending)), `a frame at …${ending}`);
