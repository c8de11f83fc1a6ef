// Cataloguers at the desk: one record at a time, with and without a script, by keyboard alone.

import assert from "node:assert/strict";
import { deflateSync, crc32 } from "node:zlib";
import { operator, picture, request, test, until } from "./support.mjs";

/** A PNG of one colour (PNG, third edition, §5). */
export const png = (width, height) => {
  const chunk = (type, data) => {
    const out = Buffer.alloc(data.length + 12);
    out.writeUInt32BE(data.length, 0);
    out.write(type, 4, "latin1");
    data.copy(out, 8);
    out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + 3 * width), Buffer.from([0x8f, 0x43, 0x20]));
  for (let y = 0; y < height; y++) rows[y * (1 + 3 * width)] = 0;
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
};

const row = (page, at) => ({
  element: page.locator("[name=e]").nth(at),
  value: page.locator("[name=v]").nth(at),
});
const fill = async (page, values) => {
  for (const [at, [element, value]] of values.entries()) {
    await row(page, at).element.selectOption(element);
    await row(page, at).value.fill(value);
  }
};
const press = (page, name) => page.locator(`main [name=do][value=${name}]`).click();
const record = (page) => page.url().split("/").pop();

test("cataloguing: a record with cover and files, found and shown", (world) =>
  operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/catalogue`);
    await page.locator("main [name=title]").fill("Books of the hill");
    await page.locator("main form.stack button").click();
    await page.waitForURL(/\/catalogue\/[^/]+$/);
    world.catalogue = record(page);
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}/new?template=book&as=dc`);
    await fill(page, [["title", "Tea and lanterns"], ["creator", "Okakura, Kakuzo, 1863-1913"], ["subject", "차 문화"], ["date", "1906"]]);
    await page.locator("[name=new-cover]").setInputFiles({ name: "cover.png", mimeType: "image/png", buffer: png(120, 180) });
    await page.locator("[name=new-file]").setInputFiles([
      { name: "tea.txt", mimeType: "text/plain", buffer: Buffer.from("Tea began as a medicine.\n") },
      { name: "차.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n") },
    ]);
    await press(page, "publish");
    await page.waitForURL(/\/history\//);
    world.made = record(page);
    const address = `/record/${world.catalogue}/${world.made}`;
    await until(page, async () => (await request(world.node.url + address)).status === 200, "the record");
    await page.goto(world.node.url + address);
    const cover = page.locator("img.jacket");
    assert.match(await cover.getAttribute("alt"), /Tea and lanterns/);
    await until(page, () => cover.evaluate((one) => one.complete && one.naturalWidth === 120), "the cover");
    assert.match(await page.locator("main ul.rows").innerText(), /tea\.txt[\s\S]*text\/plain[\s\S]*25 B[\s\S]*차\.pdf/);
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator("main a[download]", { hasText: "차.pdf" }).click()]);
    assert.equal(file.suggestedFilename(), "차.pdf");
    await page.goto(`${world.node.url}/search?q=lanterns`);
    await until(page, () => page.locator("img.thumb").first().evaluate((one) => one.naturalWidth === 120), "the cover among results");
    await picture(page, "catalogue-search");
  }));

test("cataloguing: headings are offered while typing, and a record is published, by keyboard alone", (world) =>
  operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}/new?template=book&as=dc`);
    const title = row(page, 0).value;
    assert.equal(await title.getAttribute("role"), null);
    await title.focus();
    assert.equal(await title.getAttribute("role"), null, "a title takes no headings");
    await page.keyboard.type("More tea");
    await page.keyboard.press("Enter");
    const name = row(page, 1).value;
    assert.ok(await name.evaluate((one) => one === document.activeElement), "Enter goes on to the next row");
    assert.equal(await name.getAttribute("role"), "combobox");
    await page.keyboard.type("oka");
    const option = page.locator("#headings [role=option]").first();
    await option.waitFor();
    assert.equal(await name.getAttribute("aria-expanded"), "true");
    assert.equal(await name.getAttribute("aria-controls"), "headings");
    assert.match(await page.locator("form [role=status]").innerText(), /: 1$/);
    await page.keyboard.press("ArrowDown");
    assert.equal(await name.getAttribute("aria-activedescendant"), await option.getAttribute("id"));
    assert.equal(await option.getAttribute("aria-selected"), "true");
    await page.keyboard.press("Escape");
    assert.equal(await name.getAttribute("aria-expanded"), "false");
    assert.equal(await name.inputValue(), "oka", "Escape takes nothing");
    await page.keyboard.type("k");
    await option.waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await name.inputValue(), "Okakura, Kakuzo, 1863-1913");
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/\/history\//);
    await picture(page, "catalogue-by-keyboard");
  }));

test("cataloguing: headings in lines of MARC, and a row more", (world) =>
  operator(world, {}, async (page) => {
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}/new?template=book&as=marc`);
    const lines = page.locator("textarea.lines");
    await lines.fill("=245 10$aLines\n=700 1\\$aoka$eeditor.\n=300 \\\\$a20 p.");
    await lines.evaluate((one) => { one.focus(); const at = one.value.indexOf("$aoka") + 5; one.setSelectionRange(at, at); });
    await page.keyboard.type("k");
    await page.locator("#headings [role=option]").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal((await lines.inputValue()).split("\n")[1], "=700 1\\$aOkakura, Kakuzo,$d1863-1913,$eeditor.");
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}/new?template=book&as=dc`);
    const before = await page.locator("[name=e]").count();
    await press(page, "rows");
    assert.equal(await page.locator("[name=e]").count(), before + 1);
    assert.ok(await page.locator("[name=e]").last().evaluate((one) => one === document.activeElement));
  }));

test("cataloguing without JavaScript: headings, a draft, a file, a template", (world) =>
  operator(world, { javaScriptEnabled: false, viewport: { width: 360, height: 720 } }, async (page) => {
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}/new?template=book&as=dc`);
    for (const label of ["Element", "Value", "Language", "Role"]) assert.ok(await page.locator("tbody label small", { hasText: label }).first().isVisible(), label);
    await fill(page, [["title", "Without a script"], ["creator", "oka"]]);
    await press(page, "headings");
    await page.locator("[name=h1]").selectOption("Okakura, Kakuzo, 1863-1913");
    await page.locator("[name=new-file]").setInputFiles({ name: "kept.txt", mimeType: "text/plain", buffer: Buffer.from("kept") });
    await press(page, "rows");
    assert.equal(await row(page, 1).value.inputValue(), "Okakura, Kakuzo, 1863-1913");
    await page.locator("main details summary", { hasText: "Save as template" }).click();
    await page.locator("[name=template-name]").fill("Tea books");
    await press(page, "template");
    assert.match(await page.locator("[role=status]").innerText(), /Tea books/);
    await press(page, "draft");
    await page.waitForURL(/\/catalogue-draft\//);
    world.draft = record(page);
    assert.match(await page.locator("fieldset").innerText(), /kept\.txt/);
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}`);
    assert.match(await page.locator("select[name=template]").innerText(), /Tea books/);
  }));

test("cataloguing: a publication is undone, and a record withdrawn says so kindly", (world) =>
  operator(world, {}, async (page) => {
    const edit = `${world.node.url}/catalogue/${world.catalogue}/edit/${world.made}`;
    await page.goto(edit);
    world.firstVersion = await page.locator("[name=base]").inputValue();
    await row(page, 0).value.fill("Tea and lamps");
    await press(page, "publish");
    await page.waitForURL(/\/history\//);
    await page.getByRole("button", { name: "Undo this publication" }).click();
    await page.waitForURL(/\/history\//);
    assert.equal(await page.locator("main h1").innerText(), "Tea and lanterns");
    // Once more, so that the page of a conflict has something to choose.
    await page.goto(edit);
    await row(page, 0).value.fill("Tea and lanterns, again");
    await press(page, "publish");
    await page.waitForURL(/\/history\//);
    await page.goto(`${world.node.url}/catalogue/${world.catalogue}/new?template=book&as=dc`);
    await fill(page, [["title", "Not for long"], ["creator", "Nobody, Ann"]]);
    await press(page, "publish");
    await page.waitForURL(/\/history\//);
    world.withdrawn = record(page);
    await page.locator("[name=sure]").check();
    await page.locator("main .danger").click();
    await page.waitForURL(/\/history\//);
    const answer = await page.goto(`${world.node.url}/record/${world.catalogue}/${world.withdrawn}`);
    assert.equal(answer.status(), 410);
    const text = await page.locator("main").innerText();
    assert.match(text, /withdrawn/);
    assert.doesNotMatch(text, /Not for long/);
  }));
