// Mail in the browser: written, taken back, sent, read and answered, with JavaScript and without.

import assert from "node:assert/strict";
import { pixel } from "./letters.mjs";
import { context, operator, test, until, visitor } from "./support.mjs";

const PASSWORD = "rice terraces by lamplight";
const write = async (page, world, { to, subject, text }) => {
  await page.goto(`${world.node.url}/mail/write`);
  await page.fill("[name=to]", to);
  await page.fill("[name=subject]", subject);
  await page.fill("[name=text]", text);
};
const act = (page, value) => page.locator(`#write [name=do][value=${value}]:not(.hidden)`).click();
const row = (page, subject) => page.locator(".mlist .m", { hasText: subject });

test("mail: a second person, and no time to take messages back", async (world) => {
  let start;
  await operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/people`);
    const form = page.locator("form[action='/people']");
    await form.locator("[name=display]").fill("Jo Lindqvist");
    await form.locator("[name=name]").fill("jo");
    await form.getByRole("button", { name: "Create" }).click();
    start = new URL((await page.locator("main .code code").innerText()).trim()).pathname;
    await page.goto(`${world.node.url}/mail/settings`);
    await page.selectOption("[name=undo_s]", "0");
    await page.fill("[name=signature]", "Mira of the hill");
    await page.locator("form.stack button").click();
    await page.locator(".notice").waitFor();
  });
  const made = await context(world);
  const page = await made.newPage();
  await page.goto(world.node.url + start);
  for (const field of await page.locator("main input[type=password]").all()) await field.fill(PASSWORD);
  await page.locator("main form button").click();
  await page.getByRole("navigation").getByRole("link", { name: "Jo Lindqvist" }).waitFor();
  world.jo = await made.storageState();
  await made.close();
});

test("mail: saved while typing, a file by the script, contacts while typing, new mail shows by itself", async (world) => {
  await visitor(world, { storageState: world.jo }, async (jo) => {
    await jo.goto(`${world.node.url}/mail`);
    await operator(world, {}, async (page) => {
      await write(page, world, { to: "", subject: "Wells and pumps", text: "See <the> plan at https://hill.example/plan." });
      await page.locator("[name=to]").pressSequentially("lindq");
      await page.locator(".sugg [role=option]").first().waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      assert.match(await page.inputValue("[name=to]"), /Jo Lindqvist <jo@/);
      await page.locator("#state", { hasText: "Saved" }).waitFor();
      await page.setInputFiles("[name=file]", { name: "우물 plan.txt", mimeType: "text/plain", buffer: Buffer.from("deep\n".repeat(100_000)) });
      await page.locator("#files li", { hasText: "우물 plan.txt" }).waitFor();
      await act(page, "send");
      await page.waitForURL(/\/mail\?done=sent$/);
    });
    await row(jo, "Wells and pumps").waitFor();
    assert.ok(await row(jo, "Wells and pumps").evaluate((one) => one.classList.contains("u")));
    await row(jo, "Wells and pumps").locator("a").click();
    await jo.locator(".msg.open").waitFor();
    assert.match(await jo.locator(".plaintext").first().innerText(), /See <the> plan at/);
    assert.equal(await jo.locator(".plaintext a").first().getAttribute("href"), "https://hill.example/plan");
    const [file] = await Promise.all([jo.waitForEvent("download"), jo.locator(".files a").click()]);
    assert.equal(file.suggestedFilename(), "우물 plan.txt");
    await jo.goto(`${world.node.url}/mail`);
    assert.ok(!(await row(jo, "Wells and pumps").evaluate((one) => one.classList.contains("u"))), "it has been read");
  });
});

for (const [language, javaScriptEnabled] of [["en", false], ["ko", false], ["ar", false], ["ko", true], ["ar", true]]) {
  test(`mail: written, taken back, sent, answered and archived, ${language}, JavaScript ${javaScriptEnabled ? "on" : "off"}`, async (world) => {
    const subject = `بئر 우물 ${language} ${javaScriptEnabled}`;
    await visitor(world, { storageState: world.jo, javaScriptEnabled }, async (page) => {
      await page.context().addCookies([{ name: "lang", value: language, url: world.node.url }]);
      await write(page, world, { to: "mira", subject, text: "물\nwater" });
      await act(page, "save");
      await page.locator(".notice").waitFor();
      assert.equal(await page.inputValue("[name=text]"), "물\nwater");
      await page.setInputFiles("[name=file]", { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
      if (!javaScriptEnabled) await act(page, "attach");
      await page.locator("#files li", { hasText: "a.txt" }).waitFor();
      await act(page, "send");
      await page.waitForURL(/\/mail\?sent=/);
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      // Taken back: it can be changed, and is sent when nobody takes it back again.
      await page.locator("form[data-undo] button").click();
      await page.waitForURL(/\/mail\/write\//);
      assert.equal(await page.inputValue("[name=subject]"), subject);
      await page.goto(`${world.node.url}/mail/settings`);
      await page.selectOption("[name=undo_s]", "0");
      await page.locator("form.stack button").click();
      await page.goto(`${world.node.url}/mail/letters`);
      await page.locator(".mlist a", { hasText: subject }).click();
      await act(page, "send");
      await page.waitForURL(/\/mail\?done=sent$/);
      await page.goto(`${world.node.url}/mail/settings`);
      await page.selectOption("[name=undo_s]", "10");
      await page.locator("form.stack button").click();
    });
    await visitor(world, { storageState: world.session, javaScriptEnabled }, async (page) => {
      await page.context().addCookies([{ name: "lang", value: language, url: world.node.url }]);
      for (let n = 0; n < 50 && !(await row(page, subject).count()); n++) await page.goto(`${world.node.url}/mail`);
      await row(page, subject).locator("a").click();
      await page.locator(".acts .button").first().click();
      assert.match(await page.inputValue("[name=to]"), /jo@/);
      assert.match(await page.inputValue("[name=subject]"), /^Re: /);
      assert.match(await page.inputValue("[name=text]"), /-- \nMira of the hill[\s\S]*> water/);
      await act(page, "send");
      await page.waitForURL(/\/mail\?done=sent$/);
      await row(page, subject).locator("input[name=uid]").check();
      await page.locator("#mf [name=do][value=archive]").click();
      await page.locator(".notice").waitFor();
      assert.equal(await row(page, subject).count(), 0);
      await page.goto(`${world.node.url}/mail/search?q=${encodeURIComponent("water")}`);
      await row(page, subject).first().waitFor();
      world.thread = world.thread ?? new URL(await row(page, subject).first().locator("a").evaluate((one) => one.href)).pathname;
    });
  });
}

test("mail: nobody reads another's mail, and nobody without an account", async (world) => {
  await visitor(world, { storageState: world.jo }, async (page) => {
    const answer = await page.goto(world.node.url + world.thread);
    assert.equal(answer.status(), 404);
  });
  await visitor(world, {}, async (page) => {
    assert.equal((await page.goto(`${world.node.url}/mail`)).status(), 401);
  });
});

test("mail: what can't be sent is said, and nothing is lost", (world) =>
  operator(world, { javaScriptEnabled: false }, async (page) => {
    for (const [to, said] of [["", /to whom/], ["nobody", /Nobody here/], ["x@far.example", /There is no way to/]]) {
      await write(page, world, { to, subject: "s", text: "kept" });
      await act(page, "send");
      assert.match(await page.locator("[role=alert]").innerText(), said);
      assert.equal(await page.inputValue("[name=text]"), "kept");
      await act(page, "discard");
    }
  }));

for (const [language, javaScriptEnabled] of [["en", true], ["ko", false], ["ar", true]]) {
  test(`mail: several chosen at once, moved, and brought back, ${language}, JavaScript ${javaScriptEnabled ? "on" : "off"}`, (world) =>
    operator(world, { javaScriptEnabled }, async (page) => {
      await page.context().addCookies([{ name: "lang", value: language, url: world.node.url }]);
      const { url } = world.node;
      const subjects = [1, 2, 3].map((n) => `Many ${n} ${language} ${javaScriptEnabled}`);
      for (const subject of subjects) {
        await write(page, world, { to: "mira", subject, text: "one of many" });
        await act(page, "send");
        await page.waitForURL(/\?done=sent$/);
      }
      const rows = page.locator(".mlist .m", { hasText: `${language} ${javaScriptEnabled}` }).filter({ hasText: "Many" });
      await until(page, async () => { await page.goto(`${url}/mail`); return (await rows.count()) === 3; }, "three messages");
      if (javaScriptEnabled) {
        // The first and, with the shift key, the last: all between.
        await rows.nth(0).locator("input").click();
        await rows.nth(2).locator("input").click({ modifiers: ["Shift"] });
        assert.equal(await page.locator(".m.on").count(), 3);
        await page.locator("#all").check();
        assert.equal(await page.locator(".m:not(.on)").count(), 0);
        await page.locator("#all").uncheck();
        assert.equal(await page.locator(".m.on").count(), 0);
      } else assert.ok(!(await page.locator("#all").isVisible()), "without a script there is no box that does nothing");
      for (const n of [0, 1, 2]) await rows.nth(n).locator("input").check();
      await page.locator("#mf [value=flag]").evaluate((one) => { one.closest("details").open = true; });
      await page.locator("#mf [value=flag]").click();
      await until(page, async () => (await rows.locator(".star").count()) === 3, "three stars");
      for (const n of [0, 1, 2]) await rows.nth(n).locator("input").check();
      await page.locator("#mf [value=delete]").click();
      await page.locator("form.notice").waitFor();
      assert.equal(await rows.count(), 0);
      await page.locator("form.notice [value=move]").click();
      await page.waitForURL(/\/mail\/box\/\d+$/);
      assert.equal(await rows.count(), 3, "they are back");
      await rows.nth(0).locator("a").click();
      await page.locator(".mtools [value=archive]").click();
      await page.locator("form.notice [value=move]").click();
      await page.waitForURL(/\/mail\/box\/\d+$/);
      assert.equal(await rows.count(), 3);
    }));
}

test("mail: files and pictures dropped, with progress; what is typed is there after the page is gone", (world) =>
  operator(world, {}, async (page) => {
    const { url } = world.node;
    await write(page, world, { to: "jo", subject: "Dropped", text: "With a picture." });
    await page.locator("#state", { hasText: "Saved" }).waitFor();
    await page.evaluate(() => {
      window.shown = 0;
      new MutationObserver(() => { if (!document.getElementById("progress").hidden) window.shown++; }).observe(document.getElementById("progress"), { attributes: true });
    });
    const drop = (where, name, type, base64) => page.evaluate(([where, name, type, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)), dropped = new DataTransfer();
      dropped.items.add(new File([bytes], name, { type }));
      for (const kind of ["dragenter", "dragover", "drop"]) document.querySelector(where).dispatchEvent(new DragEvent(kind, { dataTransfer: dropped, bubbles: true, cancelable: true }));
    }, [where, name, type, base64]);
    await drop("[name=subject]", "계획.txt", "text/plain", Buffer.from("plan\n".repeat(100_000)).toString("base64"));
    await page.locator("#files li", { hasText: "계획.txt" }).waitFor();
    assert.ok(await page.evaluate(() => window.shown > 0), "progress was shown");
    assert.ok(await page.locator("#progress").isHidden(), "and is gone");
    await drop("[name=text]", "lamp.png", "image/png", pixel.toString("base64"));
    await page.locator("#files li", { hasText: "lamp.png" }).waitFor();
    assert.match(await page.locator("#files li", { hasText: "lamp.png" }).innerText(), /in the text/);
    // Enter in a line neither sends nor takes a file away.
    await page.locator("[name=subject]").press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.name), "text");
    assert.equal(await page.locator("#files li").count(), 2);
    await page.locator("[name=text]").pressSequentially(" And more.");
    await page.locator("#state", { hasText: "Saved" }).waitFor();
    await page.goto(`${url}/mail/letters`);
    await page.locator(".mlist a", { hasText: "Dropped" }).click();
    assert.match(await page.inputValue("[name=text]"), /And more\./);
    assert.equal(await page.locator("#files li").count(), 2);
    // Sent while a file is under way: it comes along.
    await page.route("**/mail/write/*", async (route) => {
      if (route.request().headers()["x-partial"]) await new Promise((next) => setTimeout(next, 500));
      await route.continue();
    });
    await drop("[name=subject]", "late.txt", "text/plain", Buffer.from("late").toString("base64"));
    await act(page, "send");
    await page.waitForURL(/\?done=sent$/);
    await page.unroute("**/mail/write/*");
    await visitor(world, { storageState: world.jo }, async (jo) => {
      await until(jo, async () => { await jo.goto(`${url}/mail`); return row(jo, "Dropped").count(); }, "the message");
      await row(jo, "Dropped").locator("a").click();
      for (const name of ["계획.txt", "late.txt"]) await jo.locator(".files li", { hasText: name }).waitFor();
      const picture = jo.locator(".msg.open img").first();
      await until(jo, () => picture.evaluate((one) => one.complete && one.naturalWidth > 0), "the picture in the message");
      world.printed = new URL(jo.url()).pathname.replace("/mail/box/", "/mail/print/");
    });
  }));

for (const javaScriptEnabled of [true, false]) {
  test(`mail: on paper there is the message alone, JavaScript ${javaScriptEnabled ? "on" : "off"}`, (world) =>
    visitor(world, { storageState: world.jo, javaScriptEnabled }, async (page) => {
      await page.addInitScript(() => { window.print = () => { document.documentElement.dataset.printed = "1"; }; });
      await page.goto(world.node.url + world.printed);
      assert.match(await page.locator("main").innerText(), /With a picture/);
      if (javaScriptEnabled) await page.locator("html[data-printed]").waitFor();
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.locator("nav, form, .top, .foot, .noprint").filter({ visible: true }).count(), 0);
      await page.emulateMedia({ media: "screen" });
      await page.goto(world.node.url + world.printed.replace("/print/", "/box/"));
      await page.emulateMedia({ media: "print" });
      assert.ok(await page.locator(".msg.open").first().isVisible());
      assert.equal(await page.locator(".mside, .mtools, .acts, .top, .foot").filter({ visible: true }).count(), 0);
    }));
}

for (const [language, javaScriptEnabled] of [["en", true], ["ko", false], ["ar", false]]) {
  test(`mail: who is away answers once, and says something, ${language}, JavaScript ${javaScriptEnabled ? "on" : "off"}`, async (world) => {
    const set = (on, text) => operator(world, { javaScriptEnabled }, async (page) => {
      await page.context().addCookies([{ name: "lang", value: language, url: world.node.url }]);
      await page.goto(`${world.node.url}/mail/settings`);
      await page.locator("[name=vacation]").setChecked(on);
      await page.fill("[name=vacation_subject]", `Away ${language}`);
      await page.fill("[name=vacation_text]", text);
      await page.locator("form.stack button").click();
      if (on && !text) {
        await page.locator("[role=alert]").waitFor();
        assert.ok(await page.locator("[name=vacation]").isChecked(), "what was chosen stays");
        assert.equal(await page.inputValue("[name=vacation_subject]"), `Away ${language}`);
      } else await page.locator(".notice").waitFor();
    });
    await set(true, "");
    await set(true, `Back in June ${language}.`);
    await visitor(world, { storageState: world.jo, javaScriptEnabled }, async (page) => {
      await write(page, world, { to: "mira", subject: `Are you there? ${language}`, text: "?" });
      await act(page, "send");
      await page.waitForURL(/\/mail\?/);
      await until(page, async () => { await page.goto(`${world.node.url}/mail`); return row(page, `Away ${language}`).count(); }, "the answer");
      await row(page, `Away ${language}`).locator("a").first().click();
      assert.match(await page.locator(".plaintext").last().innerText(), new RegExp(`Back in June ${language}`));
    });
    await set(false, "");
  });
}

test("mail: rules keep what was typed, have an order, and follow their folder", (world) =>
  operator(world, { javaScriptEnabled: false }, async (page) => {
    const { url } = world.node;
    await page.goto(`${url}/mail/folders`);
    await page.fill("main [name=name] >> nth=0", "Pumps");
    await page.locator("[name=do][value=create]").click();
    await page.locator(".notice").waitFor();
    await page.goto(`${url}/mail/settings`);
    const rule = page.locator(".mrule"), rules = page.locator("ol.rows li");
    const before = await rules.count();
    const add = async (words, action, more) => {
      await rule.locator("[name=field]").selectOption("subject");
      await rule.locator("[name=words]").fill(words);
      await rule.locator("[name=action]").selectOption(action);
      if (more) await more();
      // By the keyboard: without JavaScript the browser can't tell the tests that scrolling has come to rest.
      await rule.locator("[name=do][value=add]").press("Enter");
    };
    await add("pumps", "forward", () => rule.locator("[name=forward]").fill("nobody-here"));
    await page.locator("[role=alert]").waitFor();
    assert.equal(await rule.locator("[name=words]").inputValue(), "pumps");
    assert.equal(await rule.locator("[name=forward]").inputValue(), "nobody-here");
    assert.equal(await rule.locator("[name=action]").inputValue(), "forward");
    await add("pumps", "move", () => rule.locator("[name=box]").selectOption({ label: "Pumps" }));
    await page.locator(".notice").waitFor();
    await add("valves", "flag");
    await page.locator(".notice").waitFor();
    assert.equal(await rules.count(), before + 2);
    await rules.last().locator("[value=up]").press("Enter");
    await page.waitForURL(/settings#rules$/);
    assert.match(await rules.nth(before).innerText(), /valves/);
    assert.match(await rules.last().innerText(), /pumps/);
    // The folder has another name now: the rule knows.
    await page.goto(`${url}/mail/folders`);
    const folder = page.locator("main ul.rows > li", { hasText: "Pumps" });
    await folder.locator("input[name=name]").fill("Water pumps");
    await folder.locator("[value=rename]").click();
    await page.locator(".notice").waitFor();
    await write(page, world, { to: "mira", subject: "New pumps", text: "Three." });
    await act(page, "send");
    await until(page, async () => { await page.goto(`${url}/mail`); await page.locator(".mside a", { hasText: "Water pumps" }).click(); return row(page, "New pumps").count(); }, "the message in its folder");
    // A name that is taken is refused in words that name it.
    await page.goto(`${url}/mail/folders`);
    await page.fill("main [name=name] >> nth=0", "Water pumps");
    await page.locator("[name=do][value=create]").click();
    assert.match(await page.locator("[role=alert]").innerText(), /Water pumps.* is taken already/);
  }));

test("mail: folders and rules", async (world) => {
  await operator(world, { javaScriptEnabled: false }, async (page) => {
    await page.goto(`${world.node.url}/mail/folders`);
    await page.fill("main [name=name] >> nth=0", "Projects/Wells");
    await page.locator("[name=do][value=create]").click();
    await page.locator(".mside a", { hasText: "Wells" }).waitFor();
    await page.goto(`${world.node.url}/mail/settings`);
    const rule = page.locator(".mrule");
    await rule.locator("[name=field]").selectOption("subject");
    await rule.locator("[name=words]").fill("depth");
    await rule.locator("[name=box]").selectOption({ label: "Projects/Wells" });
    await rule.locator("[name=words]").press("Enter");
    await page.locator("ol.rows li", { hasText: "depth" }).waitFor();
    // A usual mailbox is called what the page calls it, in whatever language that is.
    await rule.locator("[name=words]").fill("offers");
    await rule.locator("[name=box]").selectOption({ label: "Junk" });
    await rule.locator("[name=words]").press("Enter");
    await page.locator("ol.rows li", { hasText: "“Junk”" }).waitFor();
    await page.context().addCookies([{ name: "lang", value: "fr", url: world.node.url }]);
    await page.goto(`${world.node.url}/mail/settings`);
    const junk = await page.locator("[name=box] option").nth(3).innerText();
    assert.match(await page.locator("ol.rows li", { hasText: "offers" }).innerText(), new RegExp(`“${junk}”`));
    await page.context().addCookies([{ name: "lang", value: "en", url: world.node.url }]);
    await page.locator("ol.rows li", { hasText: "offers" }).locator("[value=delete]").press("Enter");
    await page.locator(".notice").waitFor();
    await write(page, world, { to: "mira", subject: "The depth of it", text: "Twelve metres." });
    await act(page, "send");
    await page.locator(".mside a", { hasText: "Wells" }).click();
    for (let n = 0; n < 50 && !(await row(page, "The depth of it").count()); n++) await page.reload();
    assert.equal(await row(page, "The depth of it").count(), 1);
  });
});
