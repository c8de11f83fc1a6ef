// The browser tests: `node run.mjs [PART OF A TEST'S NAME]…`, after `npm ci`. `./test` runs them with all it needs.
//   LAMPION_BIN          the program (otherwise cargo's debug build)
//   LAMPION_TEST_PYTHON  a Python that has libzim
//   LAMPION_SHOTS        a folder in which pictures of pages are kept

import { makeFixtures } from "./fixtures.mjs";
import { runAll, startBrowser, startNode } from "./support.mjs";
import "./scenarios.mjs";
import "./terminals.mjs";
import "./desk.mjs";
import "./mail.mjs";
import "./mail_edges.mjs";
import "./mail_html.mjs";
import "./mail_groups.mjs";
import "./pages.mjs";

const node = await startNode();
const browser = await startBrowser();
let code = 1;
try {
  const files = await makeFixtures(node.folder);
  code = await runAll({ node, browser, files }, process.argv.slice(2));
  if (code && process.env.LAMPION_LOG) console.log(node.log());
} finally {
  await browser.close();
  await node.stop();
}
process.exit(code);
