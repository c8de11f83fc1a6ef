// What people do with a node, from its first start on.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import { join } from "node:path";
import { articleFrame, context, operator, picture, request, test, until, visitor } from "./support.mjs";

export const PASSWORD = "terraces of rice at dusk";
const NEW_PASSWORD = "another lantern by the river";

const heading = (page) => page.locator("main h1").innerText();
const mainText = (page) => page.locator("main").innerText();
const button = (scope, name) => scope.getByRole("button", { name });
const search = async (page, words) => {
  await page.locator("input[name=q]").fill(words);
  await page.locator("input[name=q]").press("Enter");
  await page.waitForURL(/\/search\?/);
};
const signIn = async (page, world, name, password) => {
  await page.goto(`${world.node.url}/sign-in`);
  await page.fill("[name=name]", name);
  await page.fill("[name=password]", password);
  await button(page.locator("main"), "Sign in").click();
};
const titles = (page) => page.locator(".results h2").allInnerTexts();

/** Uploads files at the desk and waits, without reloading the page, until they are added; returns the collection's id. */
const upload = async (page, world, files, title = "") => {
  await page.goto(`${world.node.url}/desk/import`);
  const form = page.locator("form[action='/desk/import/upload']");
  await form.locator("[name=title]").fill(title);
  await form.locator("[name=file]").setInputFiles(files);
  await button(form, "Add").click();
  await page.waitForURL(/\/desk\/(?!import)[^/]+$/);
  await page.evaluate(() => { window.sameDocument = true; });
  await page.locator("[data-live] .card", { hasText: /Adding · done/ }).waitFor();
  return page.url().split("/").pop();
};

// ── First start, signing in and out ──

test("first start: a wrong repeat of the password shows an error, and keeps the name", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(world.node.firstStart);
    await page.fill("[name=display]", "Mira Okafor");
    await page.fill("[name=name]", "mira");
    await page.fill("[name=password]", PASSWORD);
    await page.fill("[name=again]", `${PASSWORD}!`);
    const [answer] = await Promise.all([page.waitForResponse((r) => r.request().method() === "POST"), button(page.locator("main"), "Save").click()]);
    assert.equal(answer.status(), 422);
    assert.match(await page.locator("[role=alert]").innerText(), /not the same/);
    assert.equal(await page.inputValue("[name=name]"), "mira");
    assert.equal(await page.inputValue("[name=password]"), "", "a password is never sent back");
  }));

test("first start: the operator sets a name and password and is signed in", async (world) => {
  const first = await context(world);
  const page = await first.newPage();
  await page.goto(world.node.firstStart);
  await picture(page, "start");
  await page.fill("[name=display]", "Mira Okafor");
  await page.fill("[name=name]", "mira");
  await page.fill("[name=password]", PASSWORD);
  await page.fill("[name=again]", PASSWORD);
  await button(page.locator("main"), "Save").click();
  await page.getByRole("navigation").getByRole("link", { name: "Mira Okafor" }).waitFor();
  world.session = await first.storageState();
  const cookie = world.session.cookies.find((one) => one.name === "lampion");
  assert.ok(cookie.httpOnly && cookie.sameSite === "Lax", "scripts never see the session");
  await first.close();
});

test("first start: the link works once", (world) =>
  visitor(world, {}, async (page) => {
    const answer = await page.goto(world.node.firstStart);
    assert.equal(answer.status(), 410);
    assert.match(await mainText(page), /has been used or is too old/);
    assert.equal(await page.locator("[name=password]").count(), 0);
  }));

test("signing in: a wrong password is refused, the right one leads back, and out again", (world) =>
  visitor(world, {}, async (page) => {
    const { url } = world.node;
    assert.equal((await page.goto(`${url}/desk`)).status(), 401);
    await page.locator("main").getByRole("link", { name: "Sign in" }).click();
    await page.fill("[name=name]", "mira");
    await page.fill("[name=password]", "wrong password");
    await button(page.locator("main"), "Sign in").click();
    assert.match(await page.locator("[role=alert]").innerText(), /wrong/);
    await page.fill("[name=password]", PASSWORD);
    await button(page.locator("main"), "Sign in").click();
    await page.waitForURL(`${url}/desk`);
    await page.getByRole("link", { name: "Mira Okafor" }).click();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.waitForURL(`${url}/`);
    assert.equal((await page.goto(`${url}/desk`)).status(), 401);
  }));

// ── Importing ──

test("importing an archive from the page: progress is shown until it is done", (world) =>
  operator(world, {}, async (page) => {
    world.valley = await upload(page, world, world.files.zim);
    await page.getByRole("heading", { level: 1, name: "Valley encyclopaedia" }).waitFor();
    assert.match(await page.locator("dl.record").innerText(), /404/);
    assert.equal(await page.inputValue("[name=title]"), "Valley encyclopaedia");
    assert.equal(await page.evaluate(() => window.sameDocument), true, "all that came without a reload");
    await page.goto(`${world.node.url}/`);
    const card = page.locator(".card", { hasText: "Valley encyclopaedia" });
    assert.match(await card.innerText(), /What is known of one valley/);
    assert.match(await card.innerText(), /한국어/);
    const cover = card.locator("img.cover");
    await until(page, () => cover.evaluate((image) => image.complete && image.naturalWidth === 48), "the cover");
  }));

test("importing a PDF and Markdown from the page", (world) =>
  operator(world, {}, async (page) => {
    world.papers = await upload(page, world, [world.files.pdf, world.files.markdown], "Farm papers");
    await page.goto(`${world.node.url}/`);
    await search(page, "hand pump");
    assert.equal((await titles(page))[0], "Wells and pumps", "a PDF's title comes from the PDF");
    await page.locator(".results h2 a").first().click();
    assert.match(await mainText(page), /Amina Diallo/);
    await page.getByRole("link", { name: "Read as text" }).click();
    assert.match(await page.locator("article").innerText(), /How to keep a hand pump working/);
    await page.goto(`${world.node.url}/search?q=millet`);
    await page.locator(".results h2 a").first().click();
    assert.equal(await page.locator("article h1").innerText(), "Keeping seeds");
    assert.equal(await page.locator("article td").first().innerText(), "Millet");
  }));

test("importing a table of records: columns are guessed, entries can be cited", (world) =>
  operator(world, {}, async (page) => {
    world.books = await upload(page, world, world.files.csv, "School books");
    await page.goto(`${world.node.url}/search?q=mango`);
    await page.locator(".results h2 a").first().click();
    assert.equal(await heading(page), "The mango tree");
    assert.match(await mainText(page), /1998/);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "BibTeX" }).click();
    assert.match((await download).suggestedFilename(), /\.bib$/);
    await page.getByRole("link", { name: /Rao/ }).first().click();
    assert.deepEqual((await titles(page)).sort(), ["River crossings", "The mango tree"]);
  }));

test("a broken archive says so at the desk, and readers never see it", (world) =>
  operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/desk/import`);
    const form = page.locator("form[action='/desk/import/upload']");
    await form.locator("[name=file]").setInputFiles({ name: "broken.zim", mimeType: "application/octet-stream", buffer: Buffer.from("ZIM\x04 not really") });
    await button(form, "Add").click();
    await page.locator("[role=alert], [data-live] .warn").first().waitFor();
    await page.goto(`${world.node.url}/desk`);
    const row = page.locator("tr", { hasText: "broken" });
    if (await row.count()) assert.match(await row.locator(".warn").first().innerText(), /\S/);
    assert.doesNotMatch((await request(`${world.node.url}/`)).body.toString(), /broken/);
  }));

test("importing what lies on the node's disk, where it is", (world) =>
  operator(world, {}, async (page) => {
    const folder = join(world.node.folder, "data/import/Market");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "prices.txt"), "Prices of tomatoes and onions at the weekly market.");
    await page.goto(`${world.node.url}/desk/import`);
    const form = page.locator("form[action='/desk/import']");
    await form.getByLabel("Market").check();
    await button(form, "Add").click();
    await page.locator("[data-live] .card", { hasText: /Adding · done/ }).waitFor();
    await page.getByText(folder).waitFor();
    await page.goto(`${world.node.url}/search?q=tomatoes`);
    await page.locator(".results h2 a").first().click();
    await page.getByRole("link", { name: "Read as text" }).click();
    assert.match(await page.locator("article").innerText(), /tomatoes and onions/);
  }));

// ── Searching ──

for (const [language, words, title] of [["English", "portable light", "The lantern"], ["Korean", "등불", "등불"], ["Korean, inside a sentence", "종이", "등불"], ["Arabic", "مصباح", "فانوس"], ["Arabic, without its article", "فانوس", "فانوس"]]) {
  test(`searching in ${language}`, (world) =>
    visitor(world, {}, async (page) => {
      await page.goto(`${world.node.url}/`);
      await search(page, words);
      assert.equal((await titles(page))[0], title);
      assert.ok((await page.locator(".results mark").count()) > 0, "the words are marked");
    }));
}

test("searching narrows by facets, widens again, and pages on", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/search?q=rain`);
    assert.equal((await titles(page)).length, 10);
    await page.getByRole("link", { name: "Next page" }).click();
    await page.waitForURL(/cursor=/);
    assert.equal((await titles(page)).length, 10);
    await page.goto(`${world.node.url}/search?q=${encodeURIComponent("등불 OR lantern OR فانوس")}`);
    const all = (await titles(page)).length;
    const facet = page.locator(".facets").getByRole("link", { name: /한국어/ });
    await facet.click();
    await page.waitForURL(/lang=ko/);
    const narrowed = await titles(page);
    assert.ok(narrowed.includes("등불") && narrowed.length < all, `${narrowed}`);
    await page.locator(".facets [aria-current]").first().click();
    await page.waitForURL((url) => !url.search.includes("lang="));
    assert.equal((await titles(page)).length, all);
  }));

test("searching for what isn't there says so, and helps", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/search?q=zzqqxxyy`);
    assert.match(await mainText(page), /Nothing was found/);
  }));

test("suggestions while typing: by keyboard, told to assistive technology", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/`);
    const field = page.getByRole("combobox", { name: "Search the library" });
    await field.pressSequentially("the la");
    const list = page.getByRole("listbox");
    await list.getByRole("option", { name: "The lantern" }).waitFor();
    assert.equal(await field.getAttribute("aria-expanded"), "true");
    assert.equal(await field.getAttribute("aria-controls"), await list.getAttribute("id"));
    await picture(page, "suggestions");
    await field.press("ArrowDown");
    const active = await field.getAttribute("aria-activedescendant");
    assert.equal(await page.locator(`#${active}`).getAttribute("aria-selected"), "true");
    await field.press("Escape");
    assert.equal(await field.getAttribute("aria-expanded"), "false");
    assert.equal(await list.isVisible(), false);
    assert.equal(await field.getAttribute("aria-activedescendant"), null);
    await field.press("n");
    await list.getByRole("option", { name: "The lantern" }).waitFor();
    for (;;) {
      await field.press("ArrowDown");
      const at = page.locator(`#${await field.getAttribute("aria-activedescendant")}`);
      if ((await at.innerText()) === "The lantern") break;
    }
    await field.press("Enter");
    await page.waitForURL(new RegExp(`/read/${world.valley}/Lantern$`));
  }));

// ── Reading ──

test("reading: an article in its frame, with style and picture, and the bar follows", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/read/${world.valley}/Valley`);
    const frame = await articleFrame(page, world, "Valley");
    await frame.waitForLoadState();
    assert.equal(await frame.locator("h1").evaluate((h) => getComputedStyle(h).color), "rgb(10, 120, 30)");
    await until(page, () => frame.locator("#picture").evaluate((image) => image.complete && image.naturalWidth === 64), "the picture");
    await frame.click("#near");
    await page.locator(".readbar .t", { hasText: "The lantern" }).waitFor();
    await page.waitForURL(/\/read\/[^/]+\/Lantern$/);
    assert.match(await page.title(), /The lantern/);
    const next = await articleFrame(page, world, "Lantern");
    assert.match(await next.locator("body").innerText(), /portable light/);
    await page.getByRole("link", { name: "Reader view" }).click();
    await page.waitForURL(/\/text\/[^/]+\/Lantern$/);
    await picture(page, "text");
    assert.match(await page.locator("article").innerText(), /portable light/);
    await page.locator("article").getByRole("link", { name: "The valley" }).click();
    await page.waitForURL(/\/text\/[^/]+\/Valley$/);
  }));

test("reading: a redirect leads to its target", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/read/${world.valley}/Valley`);
    await (await articleFrame(page, world, "Valley")).click("#moved");
    await page.waitForURL(/\/read\/[^/]+\/Lantern$/);
  }));

test("reading: a script of an article gets neither cookies nor our pages", (world) =>
  operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/read/${world.valley}/Valley`);
    const frame = await articleFrame(page, world, "Valley");
    const told = await (await frame.waitForSelector("body[data-spy]", { state: "attached" })).getAttribute("data-spy");
    const spy = JSON.parse(told);
    assert.equal(spy.pages, world.node.url, "the script knew where to look");
    assert.match(spy.cookie, /^refused|^$/);
    assert.match(spy.storage, /^refused/);
    assert.match(spy.parent, /^refused/);
    assert.match(spy.fetch, /^refused/);
    assert.equal(spy.own, "200", "but its own archive it may read");
    // Opened by itself, it is no better off.
    await page.goto(`${world.node.content}/c/${world.valley}/Valley`);
    const alone = JSON.parse(await page.locator("body[data-spy]").getAttribute("data-spy"));
    assert.match(alone.cookie, /^refused|^$/);
    assert.match(alone.storage, /^refused/);
  }));

test("reading: a page that is missing says so kindly", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/read/${world.valley}/Valley`);
    await (await articleFrame(page, world, "Valley")).click("#missing");
    const frame = await articleFrame(page, world, "No_such_page");
    await frame.getByRole("heading", { name: /not in the collection/ }).waitFor();
    await frame.getByRole("link", { name: /Search the library/ }).click();
    await page.waitForURL(`${world.node.url}/search?q=No%20such%20page`);
  }));

test("reading: a link to the Internet leads to a page that says so", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/read/${world.valley}/Valley`);
    await (await articleFrame(page, world, "Valley")).click("#outside");
    await page.waitForURL(/\/out\?url=/);
    assert.match(await mainText(page), /leads to the Internet/);
    assert.equal(await page.locator("main .code a").getAttribute("href"), "https://example.org/far_away");
  }));

test("reading over HTTPS: the article comes over HTTPS too", (world) =>
  visitor(world, { ignoreHTTPSErrors: true }, async (page) => {
    await page.goto(`${world.node.https}/read/${world.valley}/Valley`);
    const frame = await until(page, () => page.frames().find((one) => one !== page.mainFrame() && one.url().endsWith("/Valley")), "the frame");
    assert.match(frame.url(), /^https:/);
    assert.notEqual(new URL(frame.url()).origin, world.node.https);
    await frame.waitForLoadState();
    assert.equal(await frame.locator("h1").evaluate((h) => getComputedStyle(h).color), "rgb(10, 120, 30)");
    await frame.click("#near");
    await page.locator(".readbar .t", { hasText: "The lantern" }).waitFor();
  }));

test("reading: Korean and Arabic articles, each in its direction", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/text/${world.valley}/Fanous`);
    const article = page.locator("article");
    assert.equal(await article.evaluate((a) => getComputedStyle(a.querySelector("h1")).direction), "rtl");
    assert.equal(await article.getAttribute("lang"), "ar");
    await page.goto(`${world.node.url}/text/${world.valley}/Deungbul`);
    assert.equal(await article.getAttribute("lang"), "ko");
  }));

test("by keyboard: the first stop leads past the navigation", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/search?q=lantern`);
    await page.keyboard.press("Tab");
    const skip = page.locator(".skip");
    assert.ok(await skip.evaluate((link) => link === document.activeElement && link.getBoundingClientRect().left >= 0), "it is seen when it has the focus");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  }));

// ── Language and colours ──

test("changing the language takes effect at once; Arabic runs from right to left", (world) =>
  visitor(world, {}, async (page) => {
    await page.goto(`${world.node.url}/search?q=lantern`);
    await page.locator("[name=lang]").selectOption("ar");
    await page.locator("html[lang=ar][dir=rtl]").waitFor({ state: "attached" });
    assert.match(page.url(), /\/search\?q=lantern$/, "the reader stays where they were");
    assert.equal(await page.locator("body").evaluate((b) => getComputedStyle(b).direction), "rtl");
    await page.locator("[name=lang]").selectOption("ko");
    await page.locator("html[lang=ko][dir=ltr]").waitFor({ state: "attached" });
  }));

test("the browser's own language is taken where nothing was chosen", (world) =>
  visitor(world, { locale: "fr-CA" }, async (page) => {
    await page.goto(`${world.node.url}/`);
    assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  }));

test("dark colours: as the device says, or as chosen", async (world) => {
  const light = (page) => page.locator("html").evaluate((h) => getComputedStyle(h).backgroundColor.match(/\d+/g).slice(0, 3).every((part) => part > 200));
  await visitor(world, { colorScheme: "dark" }, async (page) => {
    await page.goto(`${world.node.url}/`);
    assert.equal(await light(page), false);
    await page.locator("[name=theme]").selectOption("light");
    await page.locator("html[data-theme=light]").waitFor({ state: "attached" });
    assert.equal(await light(page), true);
  });
  await visitor(world, { colorScheme: "light" }, async (page) => {
    await page.goto(`${world.node.url}/`);
    assert.equal(await light(page), true);
    await page.locator("[name=theme]").selectOption("dark");
    await page.locator("html[data-theme=dark]").waitFor({ state: "attached" });
    assert.equal(await light(page), false);
  });
});

// ── Without JavaScript ──

test("without JavaScript: search, facets, article, reader view, language", (world) =>
  visitor(world, { javaScriptEnabled: false }, async (page) => {
    await page.goto(`${world.node.url}/`);
    await page.locator("input[name=q]").fill("lantern");
    await button(page.locator("main"), "Search").click();
    assert.ok((await titles(page)).includes("The lantern"));
    await page.goto(`${world.node.url}/search?q=${encodeURIComponent("등불 OR lantern OR فانوس")}`);
    await page.locator(".facets").getByRole("link", { name: /العربية/ }).click();
    assert.ok((await titles(page)).includes("فانوس"));
    await page.goto(`${world.node.url}/read/${world.valley}/Lantern`);
    const article = page.frameLocator("iframe");
    await article.locator("h1", { hasText: "The lantern" }).waitFor();
    await page.getByRole("link", { name: "Reader view" }).click();
    assert.match(await page.locator("article").innerText(), /portable light/);
    await page.locator("[name=lang]").selectOption("ar");
    await page.locator(".prefs button").click();
    await page.locator("html[lang=ar][dir=rtl]").waitFor({ state: "attached" });
    await page.locator("[name=theme]").selectOption("dark");
    await page.locator(".prefs button").click();
    await page.locator("html[data-theme=dark]").waitFor({ state: "attached" });
  }));

test("without JavaScript: signing in and importing", (world) =>
  visitor(world, { javaScriptEnabled: false }, async (page) => {
    await signIn(page, world, "mira", PASSWORD);
    await page.goto(`${world.node.url}/desk/import`);
    const form = page.locator("form[action='/desk/import/upload']");
    await form.locator("[name=title]").fill("Honey");
    await form.locator("[name=file]").setInputFiles(world.files.late);
    await button(form, "Add").click();
    await page.waitForURL(/\/desk\/(?!import)[^/]+$/);
    world.honey = page.url().split("/").pop();
    const deadline = Date.now() + 60_000;
    while (!/done/.test(await page.locator("[data-live]").innerText())) {
      assert.ok(Date.now() < deadline, "not added in a minute");
      await page.reload();
    }
    await page.goto(`${world.node.url}/search?q=hive`);
    assert.equal((await titles(page))[0], "Bees");
  }));

// ── The librarian's desk ──

test("the desk: describing a collection", (world) =>
  operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/desk/${world.papers}`);
    const form = page.locator("form[action$='/describe']");
    await form.locator("[name=title]").fill("Papers of the farm");
    await form.locator("[name=description]").fill("Pumps and seeds");
    await form.locator("[name=language]").fill("en");
    await button(form, "Save").click();
    assert.match(await page.locator("[role=status]").innerText(), /Saved/);
    await page.goto(`${world.node.url}/collection/${world.papers}`);
    assert.equal(await heading(page), "Papers of the farm");
    assert.match(await mainText(page), /Pumps and seeds/);
  }));

test("the desk: a collection for people who are signed in is hidden from all others", (world) =>
  operator(world, {}, async (page) => {
    const { url, content } = world.node;
    await page.goto(`${url}/desk/${world.valley}`);
    const form = page.locator("form[action$='/describe']");
    const choose = async (who) => {
      await form.locator("[name=visibility]").selectOption(who);
      await button(form, "Save").click();
      await page.locator("[role=status]").waitFor();
    };
    await choose("signed-in");
    await visitor(world, {}, async (other) => {
      for (const path of [`/collection/${world.valley}`, `/read/${world.valley}/Lantern`, `/text/${world.valley}/Lantern`, `/record/${world.valley}/Lantern`, `/original/${world.valley}/Lantern`, `/cover/${world.valley}`, `/api/v1/records/${world.valley}/Lantern`]) {
        const status = (await request(url + path)).status;
        assert.ok([401, 403, 404].includes(status), `${path}: ${status}`);
      }
      assert.equal((await request(`${content}/c/${world.valley}/Lantern`)).status, 404);
      await other.goto(`${url}/search?q=lantern`);
      assert.ok(!(await titles(other)).includes("The lantern"));
      assert.doesNotMatch((await request(`${url}/api/v1/suggest?q=the%20la`)).body.toString(), /lantern/);
      await other.goto(`${url}/`);
      assert.doesNotMatch(await mainText(other), /Valley encyclopaedia/);
    });
    await page.goto(`${url}/read/${world.valley}/Lantern`);
    const frame = await articleFrame(page, world, "Lantern");
    assert.match(await frame.locator("body").innerText(), /portable light/);
    assert.match(frame.url(), /\/t\/[^/]+\//);
    await page.goto(`${url}/desk/${world.valley}`);
    await choose("all");
    assert.equal((await request(`${content}/c/${world.valley}/Lantern`)).status, 200);
  }));

test("the desk: checking, and building the index anew", (world) =>
  operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/desk/${world.valley}`);
    await button(page, "Check").click();
    await page.locator("[data-live] .card", { hasText: /Checking · done/ }).waitFor();
    await page.reload();
    assert.match(await mainText(page), /checked, whole/);
    await button(page, "Rebuild the index").click();
    await page.locator("[data-live] .card", { hasText: /Adding · done/ }).waitFor();
    await page.goto(`${world.node.url}/search?q=lantern`);
    assert.ok((await titles(page)).includes("The lantern"));
  }));

test("the desk: removing a collection, after it was confirmed", (world) =>
  operator(world, {}, async (page) => {
    const { url } = world.node;
    await page.goto(`${url}/desk/${world.honey}`);
    await button(page, "Remove the collection").click();
    assert.ok(page.url().endsWith(world.honey), "the box must be ticked first");
    await page.getByLabel("Yes, remove it").check();
    await button(page, "Remove the collection").click();
    await page.waitForURL(`${url}/desk`);
    assert.equal((await request(`${url}/collection/${world.honey}`)).status, 404);
    await page.goto(`${url}/search?q=hive`);
    assert.ok(!(await titles(page)).includes("Bees"));
  }));

// ── People and accounts ──

test("people: the operator adds one, who sets a password by a link that works once", (world) =>
  operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/people`);
    const form = page.locator("form[action='/people']");
    await form.locator("[name=display]").fill("Jiwoo Kim");
    await form.locator("[name=name]").fill("jiwoo");
    await button(form, "Create").click();
    const link = (await page.locator("main .code code").innerText()).trim();
    await visitor(world, {}, async (other) => {
      await other.goto(link);
      await other.fill("[name=password]", PASSWORD);
      await other.fill("[name=again]", PASSWORD);
      await button(other.locator("main"), "Save").click();
      await other.getByRole("navigation").getByRole("link", { name: "Jiwoo Kim" }).waitFor();
      assert.equal((await other.goto(`${world.node.url}/desk`)).status(), 403);
      assert.equal((await other.goto(`${world.node.url}/people`)).status(), 403);
      assert.equal((await other.goto(link)).status(), 410);
    });
  }));

test("people: a role opens the desk, and a ban closes the account", (world) =>
  operator(world, {}, async (page) => {
    const { url } = world.node;
    const edit = async (change) => {
      await page.goto(`${url}/people`);
      const card = page.locator("details", { hasText: "Jiwoo Kim" });
      await card.locator("summary").click();
      await change(card);
      await button(card, "Save").click();
      await page.locator("[role=status]").waitFor();
    };
    await edit((card) => card.getByLabel("Librarian").check());
    await visitor(world, {}, async (other) => {
      await signIn(other, world, "jiwoo", PASSWORD);
      await other.getByRole("navigation").getByRole("link", { name: "Librarian's desk" }).click();
      assert.equal(await heading(other), "Librarian's desk");
      assert.equal(await other.getByRole("link", { name: "People" }).count(), 0);
      await edit((card) => card.getByLabel("May not sign in").check());
      assert.equal((await other.goto(`${url}/desk`)).status(), 401, "open sessions end too");
      await edit((card) => card.getByLabel("May not sign in").uncheck());
    });
  }));

test("account: app passwords are shown once, listed, and revoked", (world) =>
  visitor(world, {}, async (page) => {
    await signIn(page, world, "jiwoo", PASSWORD);
    await page.getByRole("link", { name: "Jiwoo Kim" }).click();
    await page.fill("[name=label]", "Mail on the phone");
    await button(page, "Create").click();
    const secret = (await page.locator("main .code").innerText()).trim();
    assert.ok(secret.length >= 16, secret);
    await page.getByRole("link", { name: "Back to your account" }).click();
    assert.match(await mainText(page), /Mail on the phone/);
    assert.ok(!(await page.content()).includes(secret));
    await button(page, "Revoke Mail on the phone").click();
    await page.waitForURL(/\/account/);
    assert.doesNotMatch(await mainText(page), /Mail on the phone/);
  }));

test("account: a new password takes the place of the old one", (world) =>
  visitor(world, {}, async (page) => {
    await signIn(page, world, "jiwoo", PASSWORD);
    await page.goto(`${world.node.url}/account`);
    await page.fill("[name=old]", "not my password");
    await page.fill("[name=password]", NEW_PASSWORD);
    await button(page, "Save").click();
    await page.locator("[role=alert]").waitFor();
    await page.fill("[name=old]", PASSWORD);
    await page.fill("[name=password]", NEW_PASSWORD);
    await button(page, "Save").click();
    await page.locator("[role=status]").waitFor();
    await visitor(world, {}, async (other) => {
      await signIn(other, world, "jiwoo", PASSWORD);
      await other.locator("[role=alert]").waitFor();
      await signIn(other, world, "jiwoo", NEW_PASSWORD);
      await other.getByRole("link", { name: "Jiwoo Kim" }).waitFor();
    });
  }));

test("a form sent from another site does nothing", async (world) => {
  const cookie = world.session.cookies.map((one) => `${one.name}=${one.value}`).join("; ");
  const headers = { cookie, "content-type": "application/x-www-form-urlencoded" };
  const send = (extra) => request(`${world.node.url}/people/groups`, { method: "POST", headers: { ...headers, ...extra }, body: "name=intruders" });
  assert.equal((await send({ origin: "http://evil.example" })).status, 403);
  assert.equal((await send({})).status, 403, "without the form's token");
  const page = await request(`${world.node.url}/people`, { headers });
  assert.doesNotMatch(page.body.toString(), /intruders/);
});

// ── Trust ──

test("the trust page gives a certificate that verifies the HTTPS port, with HTTP/2", async (world) => {
  const { url } = world.node;
  const pem = (await request(`${url}/trust/lampion-ca.crt`)).body.toString();
  const authority = new X509Certificate(pem);
  assert.ok(authority.ca);
  await visitor(world, {}, async (page) => {
    await page.goto(`${url}/trust`);
    const shown = (await page.locator("main .code").first().innerText()).replace(/[^0-9a-f]/gi, "").toLowerCase();
    assert.equal(shown, authority.fingerprint256.replaceAll(":", "").toLowerCase());
    assert.equal(await page.locator(`main a[href^="https:"]`).getAttribute("href"), `${world.node.https}/`);
  });
  const secure = (options) => new Promise((resolve, reject) => {
    https.get(`${world.node.https}/`, { agent: false, ...options }, (answer) => { answer.resume(); answer.on("end", () => resolve(answer)); }).on("error", reject);
  });
  assert.equal((await secure({ ca: pem })).statusCode, 200);
  await assert.rejects(secure({}), /self.signed|unable to (verify|get)/i);
  await new Promise((resolve, reject) => {
    const session = http2.connect(world.node.https, { ca: pem });
    session.on("error", reject);
    const stream = session.request({ ":path": "/" });
    stream.on("response", (headers) => {
      try {
        assert.equal(headers[":status"], 200);
        assert.equal(session.alpnProtocol, "h2");
        resolve();
      } catch (error) { reject(error); } finally { session.close(); }
    });
    stream.resume();
    stream.end();
  });
});
