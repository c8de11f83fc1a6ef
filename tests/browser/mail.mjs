// Mail in the browser: written, taken back, sent, read and answered, with JavaScript and without.

import assert from "node:assert/strict";
import { context, operator, test, visitor } from "./support.mjs";

const PASSWORD = "rice terraces by lamplight";
const write = async (page, world, { to, subject, text }) => {
  await page.goto(`${world.node.url}/mail/write`);
  await page.fill("[name=to]", to);
  await page.fill("[name=subject]", subject);
  await page.fill("[name=text]", text);
};
const act = (page, value) => page.locator(`#write [name=do][value=${value}]`).click();
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
    await rule.locator("[name=box]").selectOption({ label: "Wells" });
    await rule.locator("[name=words]").press("Enter");
    await page.locator("ol.rows li", { hasText: "depth" }).waitFor();
    await write(page, world, { to: "mira", subject: "The depth of it", text: "Twelve metres." });
    await act(page, "send");
    await page.locator(".mside a", { hasText: "Wells" }).click();
    for (let n = 0; n < 50 && !(await row(page, "The depth of it").count()); n++) await page.reload();
    assert.equal(await row(page, "The depth of it").count(), 1);
  });
});
