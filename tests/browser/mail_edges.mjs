// Mail where it is not as usual: a session that ends while writing, files too large, long conversations, the other direction.

import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { handIn, letter } from "./letters.mjs";
import { context, test, until, visitor } from "./support.mjs";

const PASSWORD = "rice terraces by lamplight";
const ROSA = ["Rosa Delgado", "rosa@valley.internal"];
const speak = (page, world, language) => page.context().addCookies([{ name: "lang", value: language, url: world.node.url }]);
const row = (page, subject) => page.locator(".mlist .m", { hasText: subject });
const send = (page) => page.locator("#write [name=do][value=send]:not(.hidden)").click();
const address = async (page, world) => {
  await page.goto(`${world.node.url}/mail/settings`);
  return page.locator("main b[dir=ltr]").innerText();
};
const arrives = (page, world, subject) =>
  until(page, async () => { await page.goto(`${world.node.url}/mail`); return row(page, subject).count(); }, `“${subject}”`);
const signIn = async (page, world) => {
  await page.goto(`${world.node.url}/sign-in`);
  await page.fill("[name=name]", "jo");
  await page.fill("[name=password]", PASSWORD);
  await page.locator("main form button").click();
  await page.getByRole("navigation").getByRole("link", { name: "Jo Lindqvist" }).waitFor();
};
/** A session of jo's own, which may end. */
const asJo = async (world, options, body) => {
  const made = await context(world, options);
  try {
    const page = await made.newPage();
    await signIn(page, world);
    await body(page);
  } finally {
    await made.close();
  }
};

test("mail: a session that ends while somebody writes costs nothing, JavaScript off", (world) =>
  asJo(world, { javaScriptEnabled: false }, async (page) => {
    const { url } = world.node;
    await page.goto(`${url}/mail/write`);
    await page.fill("[name=to]", "mira");
    await page.fill("[name=subject]", "Kept & sent");
    await page.fill("[name=text]", "One </textarea> line\n  and another");
    await page.context().clearCookies();
    const [answer] = await Promise.all([page.waitForResponse((one) => one.request().method() === "POST"), send(page)]);
    assert.equal(answer.status(), 401);
    assert.equal(await page.inputValue("[name=text]"), "One </textarea> line\n  and another");
    const other = await page.context().newPage();
    await signIn(other, world);
    await page.locator("form.mwrite button").click();
    await page.locator("#write").waitFor();
    assert.match(await page.locator("#error").innerText(), /signed in anew/);
    assert.equal(await page.inputValue("[name=subject]"), "Kept & sent");
    assert.equal(await page.inputValue("[name=text]"), "One </textarea> line\n  and another");
    await other.goto(`${url}/mail/letters`);
    assert.equal(await row(other, "Kept & sent").count(), 0, "nothing is done by a form with an old token");
    await send(page);
    await page.waitForURL(/\/mail\?(sent|done)=/);
  }));

test("mail: a session that ends while somebody writes costs nothing, JavaScript on", (world) =>
  asJo(world, {}, async (page) => {
    await page.goto(`${world.node.url}/mail/write`);
    await page.fill("[name=to]", "mira");
    await page.fill("[name=text]", "Before");
    await page.locator("#state", { hasText: "Saved" }).waitFor();
    await page.context().clearCookies();
    await page.fill("[name=text]", "Before and after");
    await page.locator("#trouble", { hasText: "not signed in" }).waitFor();
    const other = await page.context().newPage();
    await signIn(other, world);
    // The page notices by itself, and saves.
    await page.locator("#state", { hasText: "Saved" }).waitFor();
    assert.ok(await page.locator("#trouble").isHidden());
    await send(page);
    await page.waitForURL(/\/mail\?(sent|done)=/);
  }));

for (const javaScriptEnabled of [true, false]) {
  test(`mail: a file that is too large is named so, and the text stays, JavaScript ${javaScriptEnabled ? "on" : "off"}`, (world) =>
    visitor(world, { storageState: world.jo, javaScriptEnabled }, async (page) => {
      const large = join(world.node.folder, "large.bin");
      writeFileSync(large, "");
      truncateSync(large, 60_000_000);
      await page.goto(`${world.node.url}/mail/write`);
      await page.fill("[name=to]", "mira");
      await page.fill("[name=text]", "With a film");
      await page.setInputFiles("[name=file]", large);
      if (!javaScriptEnabled) await send(page);
      const said = page.locator("[role=alert]").filter({ visible: true });
      await said.waitFor();
      assert.match(await said.innerText(), /too large: one message can have .*39\.3.MB/);
      if (javaScriptEnabled) await page.locator("#state", { hasText: "Saved" }).waitFor();
      assert.ok(await said.isVisible(), "it is not said for a moment only");
      assert.equal(await page.inputValue("[name=text]"), "With a film");
      assert.equal(await page.locator("#files li").count(), 0);
    }));
}

for (const [language, javaScriptEnabled, word] of [["en", true, "borehole"], ["ar", false, "windmill"]]) {
  test(`mail: a conversation of 120 messages is read page by page and put away as a whole, ${language}`, (world) =>
    visitor(world, { storageState: world.jo, javaScriptEnabled }, async (page) => {
      const to = await address(page, world);
      const subject = `Which pump ${language}?`, id = (n) => `<pump-${language}-${n}@letters.example>`;
      for (let n = 0; n < 120; n++) {
        const message = letter({
          from: ROSA, to: ["", to], subject: n ? `Re: ${subject}` : subject, text: `Opinion ${n}: ${word}.`,
          headers: n ? [`In-Reply-To: ${id(n - 1)}`, `References: ${id(0)} ${id(n - 1)}`] : [],
        });
        await handIn(world, ROSA[1], to, message.replace(/Message-ID: .*\r\n/, `Message-ID: ${id(n)}\r\n`));
      }
      await speak(page, world, language);
      await arrives(page, world, subject);
      const { url } = world.node;
      const count = () => page.locator(".msg:not(.fold)").count();
      await row(page, subject).locator("a").click();
      assert.equal(await count(), 50);
      assert.equal(await page.locator(".msg.open").count(), 5);
      assert.ok(!(await page.locator(".msg").getByText("Opinion 80").first().isVisible()), "what is closed is folded");
      assert.match(await page.locator(".msg.open").last().innerText(), /Opinion 119/);
      const bottom = page.locator("a[href='?all=1']");
      await bottom.click();
      assert.equal(await page.locator(".msg.open").count(), 50, "all are open that are on the page");
      // Older ones, and the way back.
      await page.locator(".mmain > .trail a").first().click();
      await page.locator(".msg.open", { hasText: "Opinion 69" }).waitFor();
      await page.locator(".mmain > .trail a").first().click();
      await page.locator(".msg.open", { hasText: "Opinion 19" }).waitFor();
      assert.equal(await count(), 20);
      await page.locator(".mmain > .trail a", { hasText: "100" }).click();
      await page.locator(".msg.open", { hasText: "Opinion 20" }).waitFor();
      // What was found leads to its own page of the conversation, and there are more pages of what was found.
      const seen = new Set();
      await page.goto(`${url}/mail/search?q=${word}`);
      for (;;) {
        for (const href of await page.locator(".mlist a").evaluateAll((all) => all.map((one) => one.getAttribute("href")))) seen.add(href);
        if (!(await page.locator(".trail a[rel=next]").count())) break;
        await page.locator(".trail a[rel=next]").click();
      }
      assert.equal(seen.size, 120);
      assert.ok(await page.locator(".mlist .tag").first().isVisible(), "where it lies is said");
      // Put away: all of it.
      await arrives(page, world, subject);
      await row(page, subject).locator("a").click();
      await page.locator(".mtools [value=archive]").click();
      await page.locator(".notice").first().waitFor();
      assert.equal(await row(page, subject).count(), 0);
    }));
}

test("mail: what is written in one direction is not cut at its beginning in pages of the other", (world) =>
  visitor(world, { storageState: world.jo, viewport: { width: 360, height: 700 } }, async (page) => {
    const to = await address(page, world);
    const words = { en: "The long way from the lower well up to the school and back again", ar: "الطريق الطويل من البئر السفلى إلى المدرسة ثم العودة مرة أخرى إلى القرية" };
    for (const text of Object.values(words)) await handIn(world, ROSA[1], to, letter({ from: ROSA, to: ["", to], subject: text, text: "." }));
    for (const language of ["en", "ar"]) {
      await speak(page, world, language);
      for (const [written, text] of Object.entries(words)) {
        await arrives(page, world, text);
        const subject = row(page, text).locator(".t");
        assert.equal(await subject.evaluate((one) => getComputedStyle(one).direction), written === "ar" ? "rtl" : "ltr");
        const starts = await subject.evaluate((one) => {
          const range = document.createRange(), box = one.getBoundingClientRect();
          const node = document.createTreeWalker(one, NodeFilter.SHOW_TEXT).nextNode();
          range.setStart(node, 0); range.setEnd(node, 1);
          const first = range.getBoundingClientRect();
          return first.left >= box.left - 1 && first.right <= box.right + 1 && one.scrollWidth > one.clientWidth;
        });
        assert.ok(starts, `the first letter of a ${written} subject shows in ${language}, and the end is cut`);
      }
    }
  }));

test("mail: on a phone the tools come with what is chosen, and all mailboxes are one press away", (world) =>
  visitor(world, { storageState: world.jo, viewport: { width: 360, height: 700 } }, async (page) => {
    await speak(page, world, "en");
    await arrives(page, world, "The long way");
    assert.ok(await page.locator(".mtools").isHidden());
    await row(page, "The long way").locator("input").check();
    assert.ok(await page.locator(".mtools").isVisible());
    const settings = page.locator(".mside a[href='/mail/settings']");
    await page.locator(".menu summary").click();
    const box = await settings.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.height > 20, JSON.stringify(box));
    await settings.click();
    assert.equal(await page.locator(".mside [aria-current=page]").innerText(), "Mail settings");
  }));

test("mail: the first message of an empty inbox brings its tools along", (world) =>
  visitor(world, { storageState: world.jo }, async (page) => {
    const to = await address(page, world);
    await page.goto(`${world.node.url}/mail`);
    while (await page.locator(".m").count()) {
      await page.locator("#all").check();
      await page.locator("#mf [value=archive]").click();
      await page.locator(".notice").first().waitFor();
    }
    assert.ok(await page.locator(".mtools").isHidden());
    await handIn(world, ROSA[1], to, letter({ from: ROSA, to: ["", to], subject: "The first", text: "." }));
    await row(page, "The first").waitFor();
    assert.ok(await page.locator(".mtools").isVisible());
    assert.equal((await page.locator(".mside a[href='/mail'] b").innerText()).trim(), "1");
  }));

test("mail: passing on takes messages inside along, and the whole of what is too long to be quoted", (world) =>
  visitor(world, { storageState: world.jo, javaScriptEnabled: false }, async (page) => {
    const to = await address(page, world);
    const inner = letter({ from: ROSA, to: ["", to], subject: "Inside", text: "inner words", files: [["inner.txt", "text/plain", "x"]] });
    const head = (subject, type) => `From: rosa@valley.internal\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: <${Math.random()}@letters.example>\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n`;
    await handIn(world, ROSA[1], to, `${head("Carrier", "multipart/mixed; boundary=q")}--q\r\n\r\nSee below.\r\n--q\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--q--\r\n`);
    await handIn(world, ROSA[1], to, `${head("Register", "text/plain; charset=utf-8")}${"A line of the register.\r\n".repeat(30_000)}`);
    for (const [subject, files] of [["Carrier", [/\.eml/]], ["Register", [/^\s*message\.eml/]]]) {
      await arrives(page, world, subject);
      await row(page, subject).locator("a").click();
      await page.locator("a[href*='forward=']").click();
      await page.waitForURL(/\/mail\/write\//);
      const named = await page.locator("#files li").allInnerTexts();
      assert.equal(named.length, files.length, named.join(", "));
      files.forEach((file, n) => assert.match(named[n], file));
    }
  }));

test("mail: who reads on an older page of the list comes back to it", (world) =>
  visitor(world, { storageState: world.jo, javaScriptEnabled: false }, async (page) => {
    const to = await address(page, world);
    for (let n = 0; n < 30; n++) await handIn(world, ROSA[1], to, letter({ from: ROSA, to: ["", to], subject: `Paper ${n} of thirty`, text: "." }));
    await arrives(page, world, "Paper 29 of thirty");
    await page.locator("a[rel=next]").click();
    const older = page.url(), first = await page.locator(".mlist .t").first().innerText();
    await page.locator(".mlist .m a").first().click();
    await page.locator(".mtools a").first().click();
    assert.equal(page.url(), older);
    await page.locator(".mlist .m a").first().click();
    await page.locator(".mtools [value=archive]").click();
    await page.locator("form.notice").waitFor();
    assert.match(page.url(), /[?&]before=\d+/);
    assert.notEqual(await page.locator(".mlist .t").first().innerText(), first);
    await page.locator(".mlist input[name=uid]").first().check();
    await page.locator("#mf [value=read]").click();
    assert.match(page.url(), /[?&]before=\d+/);
  }));
