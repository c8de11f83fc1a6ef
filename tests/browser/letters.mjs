// Messages as they come from elsewhere, and a client that hands them in by SMTP.

import net from "node:net";

/** A picture of one pixel (PNG). */
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const word = (text) => (/^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`);
const person = ([name, address]) => (name ? `${word(name)} <${address}>` : address);
const base64 = (bytes) => Buffer.from(bytes).toString("base64").replace(/.{76}/g, "$&\r\n");

const part = (type, body, more = []) =>
  [`Content-Type: ${type}`, "Content-Transfer-Encoding: base64", ...more, "", base64(body), ""].join("\r\n");
const multipart = (kind, parts) => {
  const boundary = `b${Math.random().toString(36).slice(2)}`;
  return [`Content-Type: multipart/${kind}; boundary=${boundary}`, "", ...parts.map((one) => `--${boundary}\r\n${one}`), `--${boundary}--`, ""].join("\r\n");
};

/**
 * A message. `from` and `to` are [name, address]; `html` with `images` ({id: bytes}) becomes `multipart/related`; `files` are
 * [name, type, bytes]; `headers` are more lines of the header.
 */
export const letter = ({ from, to, subject, text = "", html = "", images = {}, files = [], headers = [] }) => {
  let body = part("text/plain; charset=utf-8", text);
  if (html) {
    let rich = part("text/html; charset=utf-8", html);
    const shown = Object.entries(images).map(([id, bytes]) => part("image/png", bytes, [`Content-ID: <${id}>`, "Content-Disposition: inline"]));
    if (shown.length) rich = multipart("related", [rich, ...shown]);
    body = text ? multipart("alternative", [body, rich]) : rich;
  }
  if (files.length) body = multipart("mixed", [body, ...files.map(([name, type, bytes]) => part(type, bytes, [`Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(name)}`]))]);
  const head = [
    `From: ${person(from)}`, `To: ${person(to)}`, `Subject: ${word(subject)}`, `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${Math.random().toString(36).slice(2)}@letters.example>`, "MIME-Version: 1.0", ...headers,
  ];
  return `${head.join("\r\n")}\r\n${body}`;
};

export const pixel = Buffer.from(PIXEL, "base64");

/** Hands a message in on the node's port for other systems; resolves when it is durable. */
export const handIn = (world, from, to, message) =>
  new Promise((resolve, reject) => {
    const [host, port] = world.node.listens.smtp.split(/:(?=\d+$)/);
    const socket = net.connect(Number(port), host);
    const steps = ["EHLO letters.example", `MAIL FROM:<${from}>`, ...[to].flat().map((one) => `RCPT TO:<${one}>`), "DATA", `${message.replace(/^\./gm, "..")}\r\n.`, "QUIT"];
    let held = "";
    socket.setEncoding("utf8");
    socket.on("error", reject);
    socket.on("data", (text) => {
      held += text;
      const last = /(?:^|\r\n)(\d{3}) [^\r]*\r\n$/.exec(held);
      if (!last) return;
      if (Number(last[1]) >= 400) {
        socket.destroy();
        return reject(new Error(`${held.trim()} (to: ${to})`));
      }
      held = "";
      const next = steps.shift();
      if (next === undefined) { socket.end(); return resolve(); }
      socket.write(`${next}\r\n`);
    });
  });
