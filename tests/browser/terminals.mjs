// Text browsers show the main pages with their links.

import assert from "node:assert/strict";
import { environment, run, Skip, test } from "./support.mjs";

const dump = async (command, args) => {
  try {
    return (await run(command, args, { env: { ...environment, LANG: "C.UTF-8", TERM: "dumb" } })).stdout;
  } catch (error) {
    if (error.code === "ENOENT") throw new Skip(`${command} is absent`);
    throw error;
  }
};
const browsers = {
  w3m: (url) => dump("w3m", ["-dump", "-cols", "120", "-O", "UTF-8", "-o", "display_link_number=1", url]),
  lynx: (url) => dump("lynx", ["-dump", "-width=120", "-display_charset=UTF-8", "-assume_charset=UTF-8", url]),
};

for (const [name, show] of Object.entries(browsers)) {
  test(`${name} shows home, results and a text, with their links`, async (world) => {
    const { url } = world.node;
    const home = await show(`${url}/`);
    for (const part of ["Valley encyclopaedia", "School books", "Sign in", `/collection/${world.valley}`]) assert.ok(home.includes(part), `home lacks ${part}:\n${home}`);
    assert.match(home, /Search/);
    const results = await show(`${url}/search?q=lantern`);
    for (const part of ["The lantern", "portable light", `/read/${world.valley}/Lantern`]) assert.ok(results.includes(part), `results lack ${part}:\n${results}`);
    const korean = await show(`${url}/search?q=${encodeURIComponent("등불")}`);
    assert.ok(korean.includes("등불"), korean);
    const text = await show(`${url}/text/${world.valley}/Valley`);
    for (const part of ["A quiet valley with a river", `/text/${world.valley}/Lantern`, `/collection/${world.valley}`]) assert.ok(text.includes(part), `the text lacks ${part}:\n${text}`);
  });
}
