// Every page of our own: small, accessible, and never wider than a phone.

import assert from "node:assert/strict";
import { checked, DESK, PHONE } from "./axe.mjs";
import { handIn, letter } from "./letters.mjs";
import { context, operator, picture, request, test } from "./support.mjs";

/** All that a first visit may cost over the line, in bytes: what fits into the first flight of a TCP connection. */
const WEIGHT_LIMIT = 14 * 1024;
/** What browsers of today accept. */
const ENCODINGS = "gzip, deflate, br, zstd";
const LANGUAGES = ["en", "ko", "ar"];

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
  ["settings of mail, with rules", () => "/mail/settings", { signedIn: true }],
  ["mail programs", () => "/mail/setup", { signedIn: true }],
  ["mail in and out", () => "/mail/transfer", { signedIn: true }],
  ["requests of strangers", () => "/mail/requests", { signedIn: true }],
  ["lists of mail", () => "/mail/lists", { signedIn: true }],
  ["list of mail", () => "/mail/lists/wells-en", { signedIn: true, open: true }],
  ["message of a list", (w) => w.listed, { signedIn: true }],
  ["members of a list", () => "/mail/lists/wells-en/members", { signedIn: true }],
  ["settings of a list", () => "/mail/lists/wells-en/settings", { signedIn: true }],
  ["messages that wait", () => "/mail/lists/wells-en/held", { signedIn: true }],
  ["message that waits", (w) => w.held, { signedIn: true }],
  ["shared mailboxes", () => "/mail/shared", { signedIn: true }],
  ["shared mailbox", () => "/mail/shared/help-en", { signedIn: true }],
  ["message of a shared mailbox", (w) => w.shared, { signedIn: true }],
  ["members of a shared mailbox", () => "/mail/shared/help-en/members", { signedIn: true }],
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
    await mail(world, page);
  });
});

/** Mail that waits: of strangers, for moderators, and in a shared mailbox. */
const mail = async (world, page) => {
  const { url } = world.node;
  await page.goto(`${url}/mail/settings`);
  const domain = (await page.locator("main b[dir=ltr]").innerText()).split("@")[1];
  const send = (from, name, subject) => handIn(world, from, `${name}@${domain}`, letter({ from: ["Tom Achieng", from], to: ["", `${name}@${domain}`], subject, text: "Please look at it." }));
  for (const n of [1, 2]) await send("stranger@far.example", "mira", `Terraces, part ${n}`);
  await send("tom@valley.internal", "wells-en", "A pump that whistles");
  await send("tom@valley.internal", "help-en", "The lamp in room 4");
  const first = async (path, within) => { await page.goto(url + path); return page.locator(within).first().getAttribute("href"); };
  world.held = await first("/mail/lists/wells-en/held", "section.card h3 a");
  world.listed = await first("/mail/lists/wells-en", "main .rows a");
  world.shared = await first("/mail/shared/help-en", "main .rows a");
  // People are suggested while an address is typed.
  await page.goto(`${url}/mail/write`);
  await page.locator("[name=to]").pressSequentially("jo");
  await page.locator(".sugg [role=option]").first().waitFor();
  await checked(page, "people suggested");
  // A password for a device, with its code.
  await page.goto(`${url}/mail/setup`);
  await page.fill("[name=device]", "phone");
  await page.locator("main form.stack button").first().click();
  await page.locator("section.card svg").waitFor();
  await checked(page, "password for a device");
};

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
