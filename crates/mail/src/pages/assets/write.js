"use strict";
// A letter: saved while typing, files by drag and drop, contacts while typing. All of this only adds.
(() => {
  document.documentElement.classList.add("js");
  const form = document.getElementById("write");
  const state = document.getElementById("state"), files = document.getElementById("files"), bar = document.getElementById("progress");
  const picker = form.querySelector("input[name=file]"), text = form.elements.text;
  if (document.activeElement === text) text.setSelectionRange(0, 0);
  const trouble = document.getElementById("trouble");
  const tell = (words) => { trouble.setAttribute("role", "alert"); trouble.textContent = words; trouble.hidden = !words; if (words) trouble.scrollIntoView({ block: "nearest" }); };
  // Whoever has signed in anew in another window has another token for forms.
  const renew = async () => {
    const r = await fetch("/mail/write");
    if (!r.ok) return false;
    const fresh = new DOMParser().parseFromString(await r.text(), "text/html").querySelector("#write [name=csrf]");
    if (fresh) form.elements.csrf.value = fresh.value;
    return !!fresh;
  };
  const refused = async (status) => {
    if (status !== 401 && status !== 403) return state.textContent = form.dataset.unsaved;
    state.textContent = "";
    if (!(await renew().catch(() => false))) tell(form.dataset.out);
  };
  let timer = 0, dirty = false, saving = null, sent = false;
  const data = (action) => {
    const d = new FormData();
    for (const i of form.querySelectorAll("input[name]:not([type=file]),textarea")) d.append(i.name, i.value);
    d.append("do", action);
    return d;
  };
  const save = async () => {
    clearTimeout(timer);
    if (!dirty || sent) return;
    if (saving) await saving;
    dirty = false;
    saving = fetch(form.action, { method: "POST", body: data("auto"), headers: { "x-partial": "1" } })
      .then((r) => { if (!r.ok) throw r.status; state.textContent = form.dataset.saved; if (trouble.textContent === form.dataset.out) tell(""); })
      .catch(async (status) => { dirty = true; await refused(status); timer = setTimeout(save, 5000); });
    await saving; saving = null;
  };
  form.addEventListener("input", () => { dirty = true; state.textContent = ""; clearTimeout(timer); timer = setTimeout(save, 1500); });
  let coming = null;
  form.addEventListener("submit", async (e) => {
    // Files under way come along.
    clearTimeout(timer);
    if (coming) { e.preventDefault(); while (coming) await coming; form.requestSubmit(e.submitter); }
    else sent = true;
  });
  // Enter in a line goes on to the next.
  form.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.defaultPrevented || e.isComposing || e.ctrlKey || e.metaKey || !e.target.matches("input[name]:not([type=file])")) return;
    e.preventDefault();
    const all = [...form.querySelectorAll("input[name]:not([type=hidden],[type=file]),textarea")].filter((i) => i.offsetParent);
    all[all.indexOf(e.target) + 1]?.focus();
  });
  addEventListener("pagehide", () => { if (dirty && !sent) navigator.sendBeacon(form.action, data("auto")); });
  form.addEventListener("keydown", (e) => { if ((e.ctrlKey || e.metaKey) && e.key === "Enter") form.querySelector("[value=send]").click(); });
  const upload = (list, name) => {
    const all = [...list], mine = (coming || Promise.resolve()).then(() => put(all, name)).then(() => { if (coming === mine) coming = null; });
    return coming = mine;
  };
  const put = (all, name) => new Promise((done) => {
    if (!all.length) return done();
    if (all.reduce((n, f) => n + f.size, 0) > +form.dataset.room) { tell(form.dataset.large); return done(); }
    tell("");
    const d = data("attach"), x = new XMLHttpRequest();
    d.delete("do");
    for (const f of all) d.append(name, f, f.name || "image.png");
    d.append("do", "attach");
    bar.hidden = false; bar.value = 0;
    x.upload.addEventListener("progress", (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; });
    x.addEventListener("loadend", () => {
      bar.hidden = true;
      if (x.status === 200) { files.innerHTML = x.responseText; state.textContent = form.dataset.saved; dirty = false; }
      else if (x.status === 413) tell(form.dataset.large);
      else refused(x.status);
      done();
    });
    x.open("POST", form.action); x.setRequestHeader("x-partial", "1"); x.send(d);
  });
  picker.addEventListener("change", async () => { await upload(picker.files, "file"); picker.value = ""; });
  const images = (list) => [...list].filter((f) => f.type.startsWith("image/"));
  const drop = (list, inText) => {
    const all = [...list], inline = inText ? images(all) : [];
    upload(inline, "inline");
    upload(all.filter((f) => !inline.includes(f)), "file");
  };
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, (e) => { if (e.dataTransfer?.types.includes("Files")) { e.preventDefault(); form.classList.add("over"); state.textContent = form.dataset.drop; } });
  form.addEventListener("dragleave", (e) => { if (!form.contains(e.relatedTarget)) form.classList.remove("over"); });
  form.addEventListener("drop", (e) => { form.classList.remove("over"); if (e.dataTransfer.files.length) { e.preventDefault(); state.textContent = ""; drop(e.dataTransfer.files, e.target === text); } });
  text.addEventListener("paste", (e) => { const all = images(e.clipboardData.files); if (all.length) { e.preventDefault(); upload(all, "inline"); } });
  files.addEventListener("click", async (e) => {
    const b = e.target.closest("button");
    if (!b) return;
    e.preventDefault();
    const r = await fetch(form.action, { method: "POST", body: data(b.value), headers: { "x-partial": "1" } });
    if (r.ok) files.innerHTML = await r.text();
  });
  // Contacts (ARIA combobox) of the name being typed, after the last comma.
  for (const input of form.querySelectorAll("[data-contacts]")) {
    const list = document.createElement("ul");
    let found = [], at = -1, asked = 0, wait = 0;
    list.className = "sugg"; list.id = "sugg-" + input.name; list.hidden = true;
    list.setAttribute("role", "listbox"); list.setAttribute("aria-label", form.dataset.suggestions);
    input.parentNode.append(list);
    for (const [k, v] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(k, v);
    const close = () => { asked++; list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const split = () => { const i = input.value.lastIndexOf(",") + 1; return [input.value.slice(0, i), input.value.slice(i).trim()]; };
    const choose = (i) => { const [before] = split(); input.value = (before ? before + " " : "") + found[i].value + ", "; close(); input.dispatchEvent(new Event("input", { bubbles: true })); };
    const ask = async () => {
      const typed = split()[1], mine = ++asked;
      if (!typed) return close();
      try {
        const r = await fetch("/mail/contacts?q=" + encodeURIComponent(typed));
        if (!r.ok || mine !== asked || document.activeElement !== input) return;
        found = await r.json(); at = -1; list.textContent = "";
        found.forEach((one, i) => {
          const li = document.createElement("li"), name = document.createElement("bdi"), address = document.createElement("small");
          li.id = list.id + i; li.setAttribute("role", "option"); li.setAttribute("aria-selected", "false");
          name.textContent = one.name || one.address; address.className = "quiet"; address.textContent = one.name ? " " + one.address : "";
          li.append(name, address);
          li.addEventListener("mousedown", (e) => { e.preventDefault(); choose(i); });
          list.append(li);
        });
        list.hidden = !found.length; input.setAttribute("aria-expanded", String(!!found.length));
      } catch { close(); }
    };
    input.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(ask, 120); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (e) => {
      if (list.hidden) return;
      if (e.key === "Escape") { e.preventDefault(); return close(); }
      if ((e.key === "Enter" || e.key === "Tab") && (at >= 0 || e.key === "Enter")) { e.preventDefault(); return choose(Math.max(at, 0)); }
      if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
      e.preventDefault();
      if (at >= 0) list.children[at].setAttribute("aria-selected", "false");
      at = (at + (e.key === "ArrowDown" ? 1 : found.length + (at < 0 ? 0 : -1))) % found.length;
      list.children[at].setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", list.children[at].id);
    });
  }
})();
