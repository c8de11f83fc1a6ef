"use strict";
// All of this only adds: every page works without it.
(() => {
  const root = document.querySelector(".mail"), page = document.documentElement.lang;
  // The reader's own way of writing times, if it is of the page's language.
  const lang = navigator.languages?.find((l) => l.split("-")[0] === page) || page;
  document.documentElement.classList.add("js");
  // Times in the reader's own zone and way.
  const times = (within) => {
    const now = new Date(), key = (d) => d.toDateString();
    for (const t of within.querySelectorAll("time[datetime]")) {
      const d = new Date(t.dateTime);
      if (isNaN(d)) continue;
      const full = "full" in t.dataset, today = key(d) === key(now), year = d.getFullYear() === now.getFullYear();
      t.title = d.toLocaleString(lang);
      t.textContent = full ? d.toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" })
        : today ? d.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" })
        : d.toLocaleDateString(lang, year ? { day: "numeric", month: "short" } : { dateStyle: "short" });
    }
  };
  times(document);
  if (root.classList.contains("print")) { addEventListener("load", () => print()); return; }
  // Messages in frames are as high as what is in them.
  addEventListener("message", (e) => {
    if (!e.data || e.data.lampionMail !== 1 || typeof e.data.height !== "number") return;
    for (const f of document.querySelectorAll("iframe.body")) if (f.contentWindow === e.source) f.height = Math.min(Math.max(e.data.height, 60), 20000), f.classList.add("fit");
  });
  // The list: chosen rows, and new mail as it comes.
  const rows = document.getElementById("rows");
  const mark = () => rows.querySelectorAll(".m").forEach((m) => m.classList.toggle("on", m.querySelector("input").checked));
  let last = null;
  if (rows) {
    rows.addEventListener("change", mark);
    const every = document.getElementById("all");
    if (every) {
      every.parentNode.hidden = false;
      every.addEventListener("change", () => { rows.querySelectorAll("input[name=uid]").forEach((c) => { c.checked = every.checked; }); mark(); });
    }
    rows.addEventListener("click", (e) => {
      if (!e.target.matches("input[name=uid]")) return;
      const all = [...rows.querySelectorAll("input[name=uid]")], to = all.indexOf(e.target);
      if (e.shiftKey && last !== null && all[last]) for (let i = Math.min(last, to); i <= Math.max(last, to); i++) all[i].checked = e.target.checked;
      last = to; mark();
    });
    if (rows.dataset.events && window.EventSource) {
      let source = null, busy = false, again = false;
      const renew = async () => {
        if (busy) { again = true; return; }
        busy = true;
        try {
          const r = await fetch(rows.dataset.rows);
          if (r.ok) {
            const chosen = new Set([...rows.querySelectorAll(":checked")].map((c) => c.value.split(" ")[0]));
            const at = rows.contains(document.activeElement) ? document.activeElement.closest(".m")?.querySelector("a").getAttribute("href") : null;
            rows.innerHTML = await r.text(); times(rows);
            for (const c of rows.querySelectorAll("input[name=uid]")) if (c.value.split(" ").some((u) => chosen.has(u))) c.checked = true;
            if (at) rows.querySelector(`a[href="${at}"]`)?.focus();
            mark();
            for (const a of document.querySelectorAll('nav.main a[href="/mail"],.mside a[href="/mail"]')) {
              let n = a.querySelector("b");
              if (!n) { n = document.createElement("b"); n.className = "n"; a.append(" ", n); }
              n.textContent = r.headers.get("unread");
            }
            const some = !!rows.querySelector(".m"), tools = document.querySelector(".mtools");
            document.querySelector(".empty").hidden = some; if (tools) tools.hidden = !some;
          }
        } catch { /* the node may be restarting */ }
        busy = false;
        if (again) { again = false; renew(); }
      };
      const open = () => { source = new EventSource(rows.dataset.events); source.addEventListener("change", renew); };
      open();
      document.addEventListener("visibilitychange", () => { if (document.hidden) { source?.close(); source = null; } else if (!source) { open(); renew(); } });
      addEventListener("pagehide", () => source?.close());
    }
  }
  // Keys, as mail programs have them.
  let cursor = -1;
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.target.matches("input:not([type=checkbox]),textarea,select")) return;
    const items = [...document.querySelectorAll(".mlist .m > a")];
    const step = (n) => { const now = items.indexOf(document.activeElement); cursor = Math.min(items.length - 1, Math.max(0, (now < 0 ? cursor : now) + n)); items[cursor]?.focus(); };
    const key = e.key;
    if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "x") { const box = document.activeElement.closest(".m")?.querySelector("input"); if (box) box.click(); }
    else if (key === "c") location.href = "/mail/write";
    else if (key === "/") document.querySelector("input[name=q]").focus();
    else {
      const all = document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`), one = all[all.length - 1];
      if (!one) return;
      const here = document.activeElement.closest(".m")?.querySelector("input");
      if (one.closest("#mf") && !rows.querySelector(":checked")) { if (!here) return; here.checked = true; }
      one.click();
    }
    e.preventDefault();
  });
})();
