"use strict";
// All of this only adds: every page works without it.
(() => {
  // Suggestions while typing (ARIA combobox).
  for (const input of document.querySelectorAll("input[data-suggest]")) {
    const form = input.form, list = document.createElement("ul");
    let items = [], at = -1, asked = 0, timer = 0, shownFor = null;
    list.className = "sugg"; list.id = "sugg" + Math.random().toString(36).slice(2); list.hidden = true;
    list.setAttribute("role", "listbox"); list.setAttribute("aria-label", input.getAttribute("aria-label") || "");
    form.append(list);
    for (const [k, v] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(k, v);
    const close = () => { list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const choose = (i) => { location.href = items[i].url; };
    const show = (found) => {
      items = found; at = -1; list.textContent = "";
      found.forEach((one, i) => {
        const li = document.createElement("li");
        li.id = list.id + "-" + i; li.setAttribute("role", "option"); li.setAttribute("aria-selected", "false"); li.dir = "auto"; li.textContent = one.title;
        li.addEventListener("mousedown", (e) => { e.preventDefault(); choose(i); });
        list.append(li);
      });
      list.hidden = !found.length; input.setAttribute("aria-expanded", String(!!found.length));
    };
    const ask = async () => {
      const typed = input.value.trim(), mine = ++asked;
      if (!typed) return close();
      if (typed === shownFor && !list.hidden) return;
      const only = form.querySelector("[name=collection]");
      try {
        const r = await fetch("/api/v1/suggest?limit=8&q=" + encodeURIComponent(typed) + (only ? "&collection=" + encodeURIComponent(only.value) : ""));
        if (r.ok && mine === asked) { shownFor = typed; show((await r.json()).suggestions); }
      } catch { close(); }
    };
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 60); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (e) => {
      if (e.key === "Escape") {
        // Browsers empty a search field by Escape: not while it only closes the list.
        if (!list.hidden) e.preventDefault();
        asked++;
        return close();
      }
      if (list.hidden) return;
      if (e.key === "Enter" && at >= 0) { e.preventDefault(); return choose(at); }
      if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
      e.preventDefault();
      if (at >= 0) list.children[at].setAttribute("aria-selected", "false");
      at = (at + (e.key === "ArrowDown" ? 1 : items.length)) % items.length;
      list.children[at].setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", list.children[at].id);
    });
  }
  // Parts of a page that the node renews while work goes on.
  let touched = false;
  document.addEventListener("input", () => { touched = true; });
  for (const part of document.querySelectorAll("[data-live]")) {
    let last = "", worked = false;
    // What the work has changed elsewhere on the page, unless somebody is filling in a form there.
    const renewPage = async () => {
      const r = await fetch(location.href);
      if (!r.ok || touched) return;
      const fresh = new DOMParser().parseFromString(await r.text(), "text/html"), main = document.querySelector("main");
      const inside = main.contains(document.activeElement);
      document.title = fresh.title;
      main.replaceChildren(...fresh.querySelector("main").childNodes);
      if (inside) main.focus({ preventScroll: true });
    };
    const renew = async () => {
      if (part.querySelector("[data-work]")) worked = true;
      try {
        const r = await fetch(part.dataset.live, { headers: { "x-partial": "1" } });
        if (r.ok) {
          const text = await r.text();
          // Not where nothing changed: focus and selection would be lost.
          if (text !== last) part.innerHTML = last = text;
        }
        if (r.headers.get("x-over")) return worked && await renewPage();
      } catch { /* the node may be restarting */ }
      setTimeout(renew, 1000);
    };
    setTimeout(renew, 1000);
  }
  // Preferences take effect at once.
  for (const form of document.querySelectorAll("form.prefs")) {
    form.querySelector("button").hidden = true;
    form.addEventListener("change", () => form.submit());
  }
  // The article in the frame tells its title and address, so that they can be shown, kept and shared.
  const frame = document.querySelector("iframe[data-content]");
  if (frame) addEventListener("message", (e) => {
    const m = e.data;
    if (e.source !== frame.contentWindow || !m || m.lampion !== 1 || typeof m.path !== "string") return;
    const base = frame.dataset.content;
    if (!m.path.startsWith(base)) return;
    const rest = m.path.slice(base.length);
    if (typeof m.title === "string" && m.title) { document.title = m.title; const t = document.querySelector(".readbar .t"); if (t) t.textContent = m.title; }
    history.replaceState(null, "", frame.dataset.read + rest + (typeof m.hash === "string" ? m.hash : ""));
    for (const a of document.querySelectorAll("[data-with]")) a.href = a.dataset.with + rest;
  });
  for (const button of document.querySelectorAll("[data-confirm]")) button.addEventListener("click", (e) => { if (!confirm(button.dataset.confirm)) e.preventDefault(); });
})();
