// Accessibility as axe finds it, at the width of a desk and of a phone.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
export const PHONE = { width: 360, height: 720 };
export const DESK = { width: 1280, height: 800 };

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds, in words. */
const violations = async (page, rules = { type: "tag", values: TAGS }) => {
  // axe is put in by the debugger, past the page's own policy; the frame's content is not ours.
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(axe);
  const found = await page.evaluate(async (runOnly) => {
    const { violations } = await window.axe.run(document, { runOnly, iframes: false, resultTypes: ["violations"], rules: runOnly.type === "tag" ? { "target-size": { enabled: true } } : {} });
    return violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any.map((check) => check.message).join("; ")}`).join(" | ")}`);
  }, rules);
  return found;
};

/** A page has nothing that axe finds, and isn't wider than a phone. */
export const checked = async (page, where) => {
  await page.setViewportSize(DESK);
  const wide = await violations(page);
  await page.setViewportSize(PHONE);
  const narrow = await violations(page);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.deepEqual({ where, wide, narrow, over }, { where, wide: [], narrow: [], over: 0 });
};
