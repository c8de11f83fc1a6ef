"use strict";
// Forms of many rows or lines: headings while typing (ARIA combobox), rows, keys. All of this only adds.
(() => {
  const form = document.querySelector("form[data-headings]");
  if (!form) return;
  const groups = form.dataset.groups.split(" "), body = form.querySelector(".rows tbody"), lines = form.querySelector(".lines");
  const list = document.createElement("ul"), status = document.createElement("p");
  let field = null, items = [], at = -1, asked = 0, timer = 0;
  list.className = "sugg"; list.id = "headings"; list.hidden = true; list.setAttribute("role", "listbox"); list.setAttribute("aria-label", form.querySelector("[value=headings]").textContent);
  status.className = "hidden"; status.setAttribute("role", "status");
  form.append(list, status);
  form.querySelector("[data-keys]")?.removeAttribute("hidden");
  const groupOf = (input) => input.closest("tr").querySelector("[name=e]").value;
  // Only a row that takes headings is a combobox; lines stay a text field, which may have a list too.
  const takes = (input) => {
    const said = { "aria-autocomplete": "list", "aria-controls": list.id };
    const on = input === lines || groups.includes(groupOf(input));
    if (input !== lines) Object.assign(said, { role: "combobox", "aria-expanded": "false" });
    for (const k in said) on ? input.setAttribute(k, said[k]) : input.removeAttribute(k);
    return on;
  };
  const close = () => {
    clearTimeout(timer); asked++; list.hidden = true; at = -1;
    if (!field) return;
    if (field !== lines && field.hasAttribute("role")) field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const lineAt = () => {
    const before = lines.value.lastIndexOf("\n", lines.selectionStart - 1) + 1, after = lines.value.indexOf("\n", before);
    return [before, after < 0 ? lines.value.length : after];
  };
  const choose = (i) => {
    const one = items[i];
    if (field === lines) {
      const [from, to] = lineAt();
      lines.setRangeText(one.value, from, to, "end");
    } else field.value = one.value;
    close();
  };
  const show = (found) => {
    items = found; at = -1; list.textContent = "";
    found.forEach((one, i) => {
      const li = document.createElement("li"), text = document.createElement("bdi"), uses = document.createElement("small");
      li.id = "heading-" + i; li.setAttribute("role", "option"); li.setAttribute("aria-selected", "false");
      text.textContent = one.text; uses.className = "quiet"; uses.textContent = " " + one.uses;
      li.append(text, uses);
      li.addEventListener("mousedown", (e) => { e.preventDefault(); choose(i); });
      list.append(li);
    });
    (field === lines ? lines.closest("p") : field.closest("td")).append(list);
    list.classList.toggle("under", field === lines);
    list.hidden = !found.length;
    if (field !== lines) field.setAttribute("aria-expanded", String(!!found.length));
    status.textContent = found.length ? list.getAttribute("aria-label") + ": " + found.length : "";
  };
  const ask = async () => {
    const mine = ++asked, of = field, query = new URLSearchParams();
    if (of === lines) { const [from, to] = lineAt(); query.set("line", lines.value.slice(from, to)); }
    else { query.set("group", groupOf(of)); query.set("q", of.value); }
    if (of !== lines && !of.value.trim()) return close();
    try {
      const r = await fetch(form.dataset.headings + "?" + query);
      if (r.ok && mine === asked && document.activeElement === of) show(await r.json());
    } catch { close(); }
  };
  form.addEventListener("focusin", (e) => { if (e.target.name === "v" || e.target === lines) { field = e.target; takes(field); } });
  form.addEventListener("focusout", (e) => { if (e.target === field) close(); });
  form.addEventListener("input", (e) => {
    if (e.target !== field) return;
    clearTimeout(timer);
    if (takes(field)) timer = setTimeout(ask, 80);
  });
  // Rows are added here and not by the node; Enter goes on to the next one.
  const addRow = () => {
    const last = body.lastElementChild, row = last.cloneNode(true), n = body.children.length + 1;
    row.querySelectorAll("[name^=h],.sugg").forEach((one) => (one.closest("label") || one).remove());
    row.querySelectorAll("input").forEach((one) => { one.value = ""; });
    row.querySelectorAll("[aria-label]").forEach((one) => one.setAttribute("aria-label", one.getAttribute("aria-label").replace(/\d+$/, n)));
    row.querySelector("select").value = last.querySelector("select").value;
    body.append(row);
    return row;
  };
  const press = (...values) => { for (const v of values) { const b = form.querySelector("[name=do][value=" + v + "]"); if (b) { b.click(); return; } } };
  if (body) form.querySelector("[value=rows]").addEventListener("click", (e) => { e.preventDefault(); close(); addRow().querySelector("select").focus(); });
  form.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey) {
      if (e.key === "s") { e.preventDefault(); return press("draft"); }
      if (e.key === "Enter") { e.preventDefault(); return press("publish", "submit"); }
    }
    if (e.target === field && !list.hidden) {
      if (e.key === "Escape") { e.preventDefault(); return close(); }
      if ((e.key === "Enter" || e.key === "Tab") && at >= 0) { if (e.key === "Enter") e.preventDefault(); return choose(at); }
      if (e.key === "ArrowDown" || (e.key === "ArrowUp" && at >= 0)) {
        e.preventDefault();
        if (at >= 0) list.children[at].setAttribute("aria-selected", "false");
        at = (at + (e.key === "ArrowDown" ? 1 : items.length - 1)) % items.length;
        list.children[at].setAttribute("aria-selected", "true");
        return field.setAttribute("aria-activedescendant", list.children[at].id);
      }
    }
    if (e.key === "Enter" && e.target.name === "v" && !e.isComposing) {
      e.preventDefault();
      (e.target.closest("tr").nextElementSibling || addRow()).querySelector("[name=v]").focus();
    }
  });
})();
