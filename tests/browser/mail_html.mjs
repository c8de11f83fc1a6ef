// Designed mail in its frame: its own pictures show; nothing comes from elsewhere, runs, or asks for anything.

import assert from "node:assert/strict";
import http from "node:http";
import { handIn, letter, pixel } from "./letters.mjs";
import { operator, test, until } from "./support.mjs";

/** A server that notes what is asked of it. */
const elsewhere = async () => {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push({ path: request.url, referrer: request.headers.referer });
    response.writeHead(200, { "content-type": request.url.endsWith(".png") ? "image/png" : "text/html" });
    response.end(request.url.endsWith(".png") ? pixel : "<title>elsewhere</title>there");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { asked, url: `http://127.0.0.1:${server.address().port}`, paths: () => asked.map((one) => one.path), stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }) };
};

const hostile = (there) => `<html><head><style>@import url(${there}/import.css); body { background: url(${there}/style.png) }</style>
<link rel="stylesheet" href="${there}/link.css"><link rel="preload" as="image" href="${there}/preload.png"><link rel="dns-prefetch" href="${there}">
<meta http-equiv="refresh" content="0;url=${there}/refresh"><base href="${there}/"></head>
<body onload="document.body.dataset.ran = 1"><h1 style="color:#036">The Valley Post</h1>
<p><img id="own" src="cid:lamp@letters.example" alt="a lamp"></p>
<p><img src="${there}/tracker.png" alt="" width="1"> <img srcset="${there}/set.png 1x" alt=""> <img src="tracker2.png" onerror="document.body.dataset.ran = 1" alt=""></p>
<table background="${there}/table.png"><tr><td style="background-image:url('${there}/cell.png')">cell</td></tr></table>
<svg><image href="${there}/svg.png"/></svg><video src="${there}/film.mp4" poster="${there}/poster.png" autoplay></video><audio src="${there}/sound.mp3" autoplay></audio>
<iframe src="${there}/frame"></iframe><object data="${there}/object"></object><embed src="${there}/embed">
<script>document.body.dataset.ran = 1; fetch("${there}/script"); top.location = "${there}/top"</script><script src="${there}/script.js"></script>
<form action="${there}/form" method="post"><input name="password" value="secret" autofocus><button>Sign in</button></form>
<p><a href="${there}/read">Read more</a> <a href="javascript:document.body.dataset.ran=1">run</a> <a href="/mail/settings">here</a></p>
</body></html>`;

for (const [language, javaScriptEnabled] of [["en", true], ["ko", false], ["ar", false]]) {
  test(`mail: a designed message shows its own pictures and nothing from elsewhere, ${language}, JavaScript ${javaScriptEnabled ? "on" : "off"}`, async (world) => {
    const there = await elsewhere();
    try {
      await operator(world, { javaScriptEnabled }, async (page) => {
        await page.context().addCookies([{ name: "lang", value: language, url: world.node.url }]);
        await page.goto(`${world.node.url}/mail/settings`);
        const address = await page.locator("main b[dir=ltr]").innerText();
        const subject = `The Valley Post, ${language}`;
        await handIn(world, "post@valley.internal", address, letter({
          from: ["The Valley Post", "post@valley.internal"], to: ["Mira", address], subject, text: "In plain words.",
          html: hostile(there.url), images: { "lamp@letters.example": pixel },
        }));
        await page.goto(`${world.node.url}/mail`);
        await page.locator(".mlist .m", { hasText: subject }).locator("a").click();
        const thread = page.url();
        const frame = page.frameLocator("iframe.body");
        await frame.locator("h1").waitFor();
        const width = () => frame.locator("#own, img[alt='a lamp']").evaluate((one) => (one.complete ? one.naturalWidth : 0));
        await until(page, async () => (await width()) === 1, "the message's own picture");
        await page.waitForLoadState("networkidle");
        assert.deepEqual(there.paths(), [], "nothing was asked elsewhere");
        assert.equal(page.url(), thread, "the page stayed");
        assert.equal(await frame.locator("body").getAttribute("data-ran"), null, "no script ran");
        assert.equal(await frame.locator("form, input, button, iframe, object, embed, video, audio, svg, meta[http-equiv], base").count(), 0);
        assert.equal(await frame.locator("a[href^='javascript:'], a[href='/mail/settings']").count(), 0);
        assert.equal(await frame.locator("h1").evaluate((one) => getComputedStyle(one).direction), "ltr", "a note in Arabic doesn't turn the message");
        if (javaScriptEnabled) await page.locator("iframe.fit").waitFor();

        // A link opens a page of its own, which learns nothing of where it came from.
        const [opened] = await Promise.all([page.context().waitForEvent("page"), frame.getByRole("link", { name: "Read more" }).press("Enter")]);
        await opened.waitForLoadState();
        assert.equal(opened.url(), `${there.url}/read`);
        assert.equal(await opened.evaluate(() => window.opener), null);
        assert.deepEqual(there.asked.filter((one) => one.path !== "/favicon.ico"), [{ path: "/read", referrer: undefined }]);
        await opened.close();
        there.asked.length = 0;

        // Who wants the pictures gets pictures, and nothing else.
        await frame.locator(".lampion-note a").click();
        await until(page, () => there.paths().includes("/tracker.png"), "the picture from elsewhere");
        await page.waitForLoadState("networkidle");
        const wanted = there.paths().filter((path) => !path.endsWith(".png") && path !== "/favicon.ico");
        assert.deepEqual(wanted, []);
        assert.ok(there.asked.every((one) => one.referrer === undefined));

        // As text: no frame at all.
        await page.goto(`${thread}?text=1`);
        assert.equal(await page.locator("iframe").count(), 0);
        assert.match(await page.locator(".plaintext").first().innerText(), /In plain words/);
      });
    } finally {
      await there.stop();
    }
  });
}
