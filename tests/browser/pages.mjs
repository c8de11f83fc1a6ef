// Every page of our own: small, accessible, and never wider than a phone.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { context, operator, picture, request, test } from "./support.mjs";

/** All that a first visit may cost over the line, in bytes: what fits into the first flight of a TCP connection. */
const WEIGHT_LIMIT = 14 * 1024;
/** What browsers of today accept. */
const ENCODINGS = "gzip, deflate, br, zstd";
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const LANGUAGES = ["en", "ko", "ar"];
const PHONE = { width: 360, height: 720 };
const DESK = { width: 1280, height: 800 };

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Our pages: name, address, whether somebody is signed in, and the status. */
const PAGES = [
  ["home", () => "/"],
  ["collections", () => "/collections"],
  ["collection", (w) => `/collection/${w.valley}`],
  ["search", () => `/search?q=${encodeURIComponent("lantern OR 등불 OR فانوس OR mango")}`],
  ["search without results", () => "/search?q=zzqqxxyy"],
  ["search without words", () => "/search"],
  ["record of a book", (w) => w.record],
  ["record of a file", (w) => `/record/${w.papers}/wells.pdf`],
  ["text", (w) => `/text/${w.valley}/Valley`],
  ["text in Arabic", (w) => `/text/${w.valley}/Fanous`],
  ["read", (w) => `/read/${w.valley}/Valley`],
  ["sign-in", () => "/sign-in"],
  ["start", (w) => w.start],
  ["trust", () => "/trust"],
  ["out", () => `/out?url=${encodeURIComponent("https://example.org/far_away")}`],
  ["error 404", () => "/no/such/page", { status: 404 }],
  ["error 401", () => "/desk", { status: 401 }],
  ["error 410", () => "/start/00000000", { status: 410 }],
  ["account", () => "/account", { signedIn: true }],
  ["people", () => "/people", { signedIn: true, open: true }],
  ["desk", () => "/desk", { signedIn: true }],
  ["desk of a collection", (w) => `/desk/${w.valley}`, { signedIn: true }],
  ["import", () => "/desk/import", { signedIn: true }],
  ["reading lists", () => "/lists"],
  ["reading list", (w) => w.list],
  ["own reading lists", () => "/lists", { signedIn: true }],
  ["reading list being edited", (w) => `${w.list}/edit`, { signedIn: true }],
  ["reading list for a record", (w) => `/lists/add?collection=${w.valley}&key=Valley`, { signedIn: true }],
  ["records of a catalogue", (w) => w.many, { signedIn: true }],
  ["many records", (w) => `${w.many}/batch?of=all`, { signedIn: true }],
  ["many records of no choice", (w) => `${w.many}/batch`, { signedIn: true }],
  ["batches", (w) => `${w.many}/batches`, { signedIn: true }],
  ["a batch", (w) => w.batch, { signedIn: true }],
  ["import into a catalogue", (w) => `${w.many}/import`, { signedIn: true }],
  ["duplicates", (w) => `${w.many}/duplicates`, { signedIn: true }],
  ["two records side by side", (w) => w.compare, { signedIn: true }],
  ["searches without results", () => "/catalogue-searches", { signedIn: true }],
  ["statistics", () => "/catalogue-statistics?by=language", { signedIn: true }],
  ["statistics of a year", () => "/catalogue-statistics?weeks=52", { signedIn: true }],
  ["what changed", () => "/changes"],
  ["record of our own, with cover and files", (w) => `/record/${w.catalogue}/${w.made}`],
  ["error 410 of a record", (w) => `/record/${w.catalogue}/${w.withdrawn}`, { status: 410 }],
  ["catalogues", () => "/catalogue", { signedIn: true }],
  ["catalogue", (w) => `/catalogue/${w.catalogue}`, { signedIn: true, open: true }],
  ["catalogue form", (w) => `/catalogue/${w.catalogue}/edit/${w.made}`, { signedIn: true, open: true }],
  ["catalogue form, new", (w) => `/catalogue/${w.catalogue}/new?template=book&as=dc`, { signedIn: true }],
  ["catalogue lines", (w) => `/catalogue/${w.catalogue}/new?template=book&as=marc`, { signedIn: true, open: true }],
  ["catalogue history", (w) => `/catalogue/${w.catalogue}/history/${w.made}`, { signedIn: true }],
  ["catalogue draft", (w) => `/catalogue-draft/${w.draft}`, { signedIn: true }],
  ["catalogue review", () => "/catalogue-review", { signedIn: true }],
  ["mail", () => "/mail", { signedIn: true, open: true }],
  ["mail being read", (w) => w.thread, { signedIn: true, open: true }],
  ["mail being written", () => "/mail/write?to=jo", { signedIn: true, open: true }],
  ["mail found", () => "/mail/search?q=water", { signedIn: true }],
  ["mail not sent", () => "/mail/letters", { signedIn: true }],
  ["folders of mail", () => "/mail/folders", { signedIn: true }],
  ["settings of mail", () => "/mail/settings", { signedIn: true }],
];

test("pages: what the tests below look at is there", async (world) => {
  const found = JSON.parse((await request(`${world.node.url}/api/v1/search?q=mango`)).body);
  world.record = found.hits[0].url;
  await operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/people`);
    const form = page.locator("form[action='/people']");
    await form.locator("[name=display]").fill("Amina Diallo");
    await form.locator("[name=name]").fill("amina");
    await form.getByRole("button", { name: "Create" }).click();
    world.start = new URL((await page.locator("main .code code").innerText()).trim()).pathname;
    await checked(page, "message");
    await catalogue(world, page);
  });
});

/** A catalogue with records that came in, two of them of one work, an edit of all, and a public list. */
const catalogue = async (world, page) => {
  const { url } = world.node;
  await page.goto(`${url}/catalogue`);
  await page.locator("main form[action='/catalogue'] [name=title]").fill("Books of the valley");
  await page.locator("main form[action='/catalogue'] button").click();
  await page.waitForURL(/\/catalogue\/[^/]+$/);
  world.many = new URL(page.url()).pathname;
  await page.goto(`${url}${world.many}/import`);
  const form = page.locator("form[enctype]");
  await form.locator("[name=rule]").selectOption("separate");
  const rows = "title,author,year,language,subject\nThe mango tree,\"Rao, Meera\",1998,en,Orchards\nThe mango tree,\"Rao, Meera\",1998,en,Trees\nMountain weather,\"Kim, Jiwoo\",2011,ko,Weather\n";
  await form.locator("[name=file]").setInputFiles({ name: "books.csv", mimeType: "text/csv", buffer: Buffer.from(rows) });
  await form.getByRole("button", { name: "Import now" }).click();
  await page.waitForURL(/\/batches\/[^/]+$/);
  await page.locator("main dd", { hasText: /^3$/ }).first().waitFor();
  await page.goto(`${url}${world.many}/batch?of=all`);
  await page.locator("[name=value]").fill("Valley");
  await page.getByRole("button", { name: "Preview" }).click();
  await checked(page, "preview of a batch");
  await page.getByRole("button", { name: "Do it with all" }).click();
  await page.waitForURL(/\/batches\/[^/]+$/);
  world.batch = new URL(page.url()).pathname;
  await page.goto(`${url}${world.many}/duplicates`);
  world.compare = await page.locator("a[href*='/compare']").first().getAttribute("href");
  await page.goto(`${url}/lists`);
  await page.locator("main [name=title]").fill("To read under trees");
  await page.locator("main [name=shared]").selectOption("public");
  await page.getByRole("button", { name: "New list" }).click();
  await page.waitForURL(/\/list\/[^/]+\/edit$/);
  world.list = new URL(page.url()).pathname.replace(/\/edit$/, "");
  for (const [collection, key] of [[world.valley, "Valley"], [world.papers, "wells.pdf"]]) {
    await page.goto(`${url}/lists/add?collection=${collection}&key=${encodeURIComponent(key)}`);
    await page.locator("main [name=note]").first().fill("Begin here");
    await page.getByRole("button", { name: "Add to a list" }).click();
    await page.waitForURL(/\/list\/[^/]+$/);
  }
};

/** Sends a form that was made from an older version, and one that lacks a title: pages that only come as answers. */
const answers = [
  ["conflict", 409, async (page, world) => {
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}/edit/${world.made}`);
    await page.locator("[name=base]").evaluate((one, base) => { one.value = base; }, world.firstVersion);
    await page.locator("[name=v]").first().fill("Tea of mine");
    await page.locator("[name=do][value=publish]").click();
  }],
  ["form with errors, and headings to choose from", 422, async (page, world) => {
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}/new?template=book&as=dc`);
    await page.locator("[name=v]").nth(1).fill("oka");
    await page.locator("[name=do][value=headings]").click();
    await page.locator("[name=h1]").waitFor();
    await checked(page, "headings to choose from");
    await page.locator("[name=do][value=publish]").click();
  }],
];

for (const [name, status, ask] of answers) {
  test(`accessible, and no wider than a phone: ${name}`, async (world) => {
    const made = await context(world, { viewport: DESK, storageState: world.session });
    try {
      const page = await made.newPage();
      for (const language of LANGUAGES) {
        await made.addCookies([{ name: "lang", value: language, url: world.node.url }]);
        const [answer] = await Promise.all([page.waitForResponse((r) => r.request().method() === "POST" && r.status() === status), ask(page, world)]);
        assert.equal(answer.status(), status);
        await page.waitForLoadState();
        if (process.env.LAMPION_SHOTS) await pictures(page, `${name}-${language}`);
        await checked(page, `${name} in ${language}`);
      }
    } finally {
      await made.close();
    }
  });
}

/** What axe finds, in words. */
const violations = async (page, rules = { type: "tag", values: TAGS }) => {
  // axe is put in by the debugger, past the page's own policy; the frame's content is not ours.
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(axe);
  const found = await page.evaluate(async (runOnly) => {
    const { violations } = await window.axe.run(document, { runOnly, iframes: false, resultTypes: ["violations"], rules: runOnly.type === "tag" ? { "target-size": { enabled: true } } : {} });
    return violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any.map((check) => check.message).join("; ")}`).join(" | ")}`);
  }, rules);
  return found;
};

const checked = async (page, where) => {
  await page.setViewportSize(DESK);
  const wide = await violations(page);
  await page.setViewportSize(PHONE);
  const narrow = await violations(page);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.deepEqual({ where, wide, narrow, over }, { where, wide: [], narrow: [], over: 0 });
};

for (const [name, path, { signedIn = false, open = false, status = 200 } = {}] of PAGES) {
  test(`accessible, and no wider than a phone: ${name}`, async (world) => {
    const made = await context(world, { viewport: DESK, ...(signedIn ? { storageState: world.session } : {}) });
    try {
      const page = await made.newPage();
      for (const language of LANGUAGES) {
        await made.addCookies([{ name: "lang", value: language, url: world.node.url }]);
        // Dark colours have their contrast checked too: Korean is looked at in them.
        await page.emulateMedia({ colorScheme: language === "ko" ? "dark" : "light" });
        const answer = await page.goto(world.node.url + path(world), { waitUntil: "domcontentloaded" });
        assert.equal(answer.status(), status);
        assert.equal(await page.locator("html").getAttribute("lang"), language);
        if (open) await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = true; });
        if (process.env.LAMPION_SHOTS) await pictures(page, `${name}-${language}`);
        await checked(page, `${name} in ${language}`);
      }
    } finally {
      await made.close();
    }
  });
}

const pictures = async (page, name) => {
  for (const [size, viewport] of [["wide", DESK], ["phone", PHONE]]) {
    await page.setViewportSize(viewport);
    await picture(page, `${name.replaceAll(" ", "-")}-${size}`);
  }
};

for (const [name, path, { signedIn = false, status = 200 } = {}] of PAGES) {
  test(`light on a first visit: ${name}`, async (world) => {
    const cookie = signedIn ? world.session.cookies.map((one) => `${one.name}=${one.value}`).join("; ") : "";
    let heaviest = 0;
    for (const language of LANGUAGES) {
      const headers = { "accept-encoding": ENCODINGS, "accept-language": language, cookie: `${cookie}; lang=${language}` };
      const page = await request(world.node.url + path(world), { headers });
      assert.equal(page.status, status);
      const plain = (await request(world.node.url + path(world), { headers: { ...headers, "accept-encoding": "identity" } })).body.toString();
      const parts = [...plain.matchAll(/(?:href|src)="((?:\/assets|\/mail\/asset)\/[^"]+)"/g)].map((found) => found[1]);
      assert.ok(parts.some((part) => part.endsWith(".css")) && parts.some((part) => part.endsWith(".js")) && parts.some((part) => part.endsWith(".svg")), `${parts}`);
      let total = page.wire;
      for (const part of new Set(parts)) total += (await request(world.node.url + part, { headers })).wire;
      heaviest = Math.max(heaviest, total);
    }
    assert.ok(heaviest <= WEIGHT_LIMIT, `${heaviest} bytes of ${WEIGHT_LIMIT}`);
    return `${heaviest} bytes`;
  });
}
