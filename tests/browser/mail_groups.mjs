// Lists, shared mailboxes, strangers, and mail in and out: each in another language, with JavaScript and without.

import assert from "node:assert/strict";
import { handIn, letter } from "./letters.mjs";
import { operator, test, until, visitor } from "./support.mjs";

const LENA = ["Lena Fischer", "lena@valley.internal"];
const speak = (page, world, language) => page.context().addCookies([{ name: "lang", value: language, url: world.node.url }]);
const row = (page, subject) => page.locator(".mlist .m", { hasText: subject });
const notice = (page) => page.locator("main .notice[role=status]");
const domain = async (page, world) => {
  await page.goto(`${world.node.url}/mail/settings`);
  return (await page.locator("main b[dir=ltr]").innerText()).split("@")[1];
};
/** Looks again until a row is there: for who has no JavaScript. */
const comes = (page, url, subject) =>
  until(page, async () => {
    await page.goto(url);
    return row(page, subject).count();
  }, `“${subject}” at ${url}`);

for (const [language, javaScriptEnabled] of [["en", true], ["ko", false], ["ar", false]]) {
  const how = `${language}, JavaScript ${javaScriptEnabled ? "on" : "off"}`;

  test(`mail: strangers wait, are approved, refused, blocked and let in again, ${how}`, (world) =>
    operator(world, { javaScriptEnabled }, async (page) => {
      await speak(page, world, language);
      const { url } = world.node;
      const here = await domain(page, world);
      const write = (name, subject) => handIn(world, `${name}@far.example`, `mira@${here}`, letter({ from: ["", `${name}@far.example`], to: ["", `mira@${here}`], subject, text: "the words of a stranger" }));
      for (const name of ["hannah", "offers", "spam"]) await write(`${name}-${language}`, `First of ${name} ${language}`);
      await page.goto(`${url}/mail`);
      assert.equal(await page.locator(".mlist .m", { hasText: `${language}` }).filter({ hasText: "First of" }).count(), 0, "strangers are not in the inbox");
      await page.locator(".mside a[href='/mail/requests']").click();
      const card = (name) => page.locator("section.card", { hasText: `${name}-${language}@far.example` });
      assert.ok(!(await page.locator("main").innerText()).includes("the words of a stranger"), "only senders and subjects");
      for (const [name, action] of [["hannah", "approve"], ["offers", "refuse"], ["spam", "block"]]) {
        await card(name).locator(`[value=${action}]`).click();
        await notice(page).waitFor();
        assert.equal(await card(name).count(), 0);
      }
      await comes(page, `${url}/mail`, `First of hannah ${language}`);
      await write(`hannah-${language}`, `Second of hannah ${language}`);
      await comes(page, `${url}/mail`, `Second of hannah ${language}`);
      await assert.rejects(write(`spam-${language}`, "Second of spam"), /5\d\d/, "who is blocked is told so");
      await page.goto(`${url}/mail/requests`);
      await page.locator(".rows li", { hasText: `spam-${language}@far.example` }).locator("[value=unblock]").click();
      await notice(page).waitFor();
      await write(`spam-${language}`, `Third of spam ${language}`);
      await page.goto(`${url}/mail/requests`);
      await card("spam").waitFor();
      // What is no address is said, in words of the reader's own.
      await page.locator("form:has([type=email]) [name=sender]").evaluate((one) => { one.type = "text"; one.value = "nobody"; });
      await page.locator("form:has([name=sender][required]) [value=block]").click();
      assert.match(await page.locator("[role=alert]").innerText(), /nobody/);
    }));

  test(`mail: a list is made, filled, moderated, read and left, ${how}`, async (world) => {
    const name = `wells-${language}`;
    const { url } = world.node;
    let here;
    await operator(world, { javaScriptEnabled }, async (page) => {
      await speak(page, world, language);
      here = await domain(page, world);
      await page.locator(".mside a[href='/mail/lists']").click();
      const make = async (title) => {
        await page.locator("form.stack [name=title]").fill(title);
        await page.locator("form.stack [name=name]").fill(name);
        await page.locator("form.stack [name=description]").fill("For those who look after wells.");
        await page.locator("form.stack [name=joins]").selectOption("open");
        await page.locator("form.stack button").click();
      };
      await make(`우물 بئر ${language}`);
      await page.waitForURL(/\/members$/);
      // Somebody is not there: nobody is added, and what was typed stays.
      await page.fill("[name=who]", "jo\nnobody-of-this-name");
      await page.locator("[name=do][value=add]").click();
      assert.match(await page.locator("[role=alert]").innerText(), /nobody-of-this-name/);
      assert.match(await page.inputValue("[name=who]"), /^jo/);
      assert.equal(await page.locator("ul.rows > li:has([name=member])").count(), 1, "only who made it");
      await page.fill("[name=who]", "jo\nfriend@far.example");
      await page.locator("[name=do][value=add]").click();
      await notice(page).waitFor();
      assert.equal(await page.locator("ul.rows > li:has([name=member])").count(), 3);
      // The last owner stays.
      const own = page.locator("ul.rows > li", { hasText: "(mira)" });
      await own.locator("[value=remove]").click();
      await page.locator("[role=alert]").waitFor();
      // Somebody who is no member writes: it waits.
      for (const subject of ["Seals", "Ropes", "Lamps for sale"]) await handIn(world, LENA[1], `${name}@${here}`, letter({ from: LENA, to: ["", `${name}@${here}`], subject: `${subject} ${language}`, text: `About ${subject}.`, files: [["plan.txt", "text/plain", subject]] }));
      await page.goto(`${url}/mail/lists/${name}/held`);
      await page.locator("section.card", { hasText: "Seals" }).locator("h3 a").click();
      assert.match(await page.locator("article").innerText(), /About Seals/);
      const [waiting] = await Promise.all([page.waitForEvent("download"), page.locator("article li a").click()]);
      assert.equal(waiting.suggestedFilename(), "plan.txt");
      await page.locator("form.line [value=approve]").click();
      await notice(page).waitFor();
      await page.locator("section.card", { hasText: "Lamps for sale" }).locator("[value=discard]").click();
      await notice(page).waitFor();
      assert.equal(await page.locator("section.card").count(), 1);
    });
    await visitor(world, { storageState: world.jo, javaScriptEnabled }, async (page) => {
      await speak(page, world, language);
      await comes(page, `${url}/mail`, `Seals ${language}`);
      await page.goto(`${url}/mail/lists/${name}`);
      await page.locator("main .rows a", { hasText: `Seals ${language}` }).click();
      assert.match(await page.locator("article").innerText(), /About Seals/);
      const [kept] = await Promise.all([page.waitForEvent("download"), page.locator("article li a").click()]);
      assert.equal(kept.suggestedFilename(), "plan.txt");
      assert.equal((await page.goto(`${url}/mail/lists/${name}/held`)).status(), 403);
      await page.goto(`${url}/mail/lists/${name}`);
      await page.locator(".mmain details summary").click();
      await page.locator("[value=leave]").click();
      await notice(page).waitFor();
      await page.goto(`${url}/mail/lists/${name}`);
      await page.locator("[value=join]").click();
      await notice(page).waitFor();
    });
  });

  test(`mail: a shared mailbox is made, answered by somebody, and done, ${how}`, async (world) => {
    const name = `help-${language}`;
    const { url } = world.node;
    let here;
    await operator(world, { javaScriptEnabled }, async (page) => {
      await speak(page, world, language);
      here = await domain(page, world);
      await page.locator(".mside a[href='/mail/shared']").click();
      await page.locator("form.stack [name=title]").fill(`Help ${language}`);
      await page.locator("form.stack [name=name]").fill(name);
      await page.locator("form.stack button").click();
      await page.waitForURL(/\/members$/);
      await page.fill("[name=who]", "jo");
      await page.locator("form.stack [name=role]").selectOption("answer");
      await page.locator("[name=do][value=add]").click();
      await notice(page).waitFor();
    });
    await handIn(world, LENA[1], `${name}@${here}`, letter({ from: LENA, to: ["", `${name}@${here}`], subject: `A key ${language}`, text: "Where is the key?", files: [["열쇠.txt", "text/plain", "a picture of it"]] }));
    await visitor(world, { storageState: world.jo, javaScriptEnabled }, async (page) => {
      await speak(page, world, language);
      await page.goto(`${url}/mail/shared`);
      await page.locator("main a", { hasText: `Help ${language}` }).click();
      await page.locator("main .rows a", { hasText: `A key ${language}` }).click();
      assert.match(await page.locator("article").innerText(), /Where is the key/);
      const [file] = await Promise.all([page.waitForEvent("download"), page.locator("article li a").click()]);
      assert.equal(file.suggestedFilename(), "열쇠.txt");
      await page.locator("[name=assigned]").selectOption({ label: "Jo Lindqvist" });
      await page.locator("[value=task]").click();
      await notice(page).waitFor();
      await page.goto(`${url}/mail/shared/${name}?show=mine`);
      await page.locator("main .rows a", { hasText: `A key ${language}` }).click();
      await page.fill("[name=text]", "Under the mat.");
      await page.locator("[value=answer]").click();
      await notice(page).waitFor();
      for (const [show, count] of [["open", 0], ["mine", 0], ["done", 1], ["sent", 1]]) {
        await page.goto(`${url}/mail/shared/${name}?show=${show}`);
        assert.equal(await page.locator("main .rows li").count(), count, show);
      }
      assert.equal((await page.goto(`${url}/mail/shared/${name}/members`)).status(), 403, "who answers doesn't say who may");
    });
  });

  test(`mail: brought in from a file, and taken away, ${how}`, (world) =>
    operator(world, { javaScriptEnabled }, async (page) => {
      await speak(page, world, language);
      const { url } = world.node;
      await page.goto(`${url}/mail/transfer`);
      const old = letter({ from: LENA, to: ["Mira", "mira@old.example"], subject: `From long ago ${language}`, text: "It was raining." });
      await page.fill("[name=mailbox]", `Old ${language}`);
      await page.setInputFiles("[name=file]", { name: "old.mbox", mimeType: "application/mbox", buffer: Buffer.from(`From lena Thu Jan  1 00:00:00 2020\n${old.replaceAll("\r\n", "\n")}\n`) });
      await page.locator("form[enctype] button").press("Enter");
      const over = () => page.locator(".card:not([data-work])").count();
      // With JavaScript the page tells by itself when it is over.
      if (javaScriptEnabled) await page.locator(".card:not([data-work])").first().waitFor();
      else await until(page, async () => { await page.goto(`${url}/mail/transfer`); return (await over()) && !(await page.locator(".card[data-work]").count()); }, "the end of the import");
      await page.goto(`${url}/mail`);
      await page.locator(".mside a", { hasText: `Old ${language}` }).click();
      await row(page, `From long ago ${language}`).waitFor();
      await page.goto(`${url}/mail/transfer`);
      const [file] = await Promise.all([page.waitForEvent("download"), page.locator("a[href*='format=mbox']").click()]);
      assert.equal(file.suggestedFilename(), "mail-mira-mbox.tar");
      assert.equal(await file.failure(), null);
    }));
}
