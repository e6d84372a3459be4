// Pop-up menus and confirmation dialogs, usable by keyboard.

import { el } from "./dom.js";
import { plainText, textObject } from "./mrkdwn.js";

let open = null;

export function closeMenu({ refocus = false } = {}) {
  if (!open) return;
  const { node, anchor } = open;
  open = null;
  node.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (refocus) anchor.focus();
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.node.contains(event.target) && !open.anchor.contains(event.target)) closeMenu();
});
window.addEventListener("resize", () => closeMenu());

/** Show `node` under (or above) `anchor`, inside the window. */
export function place(node, anchor, { above = false, end = false } = {}) {
  const box = anchor.getBoundingClientRect();
  const size = node.getBoundingClientRect();
  const room = window.innerHeight - box.bottom;
  const up = above || (room < size.height + 8 && box.top > room);
  const left = end ? box.right - size.width : box.left;
  node.style.left = `${Math.max(8, Math.min(left, window.innerWidth - size.width - 8))}px`;
  node.style.top = `${Math.max(8, up ? box.top - size.height - 6 : box.bottom + 6)}px`;
}

/** Open a menu of `items` ({label, note?, lead?, danger?, current?, choose}) at `anchor`; a second press closes it. */
export function menu(anchor, items, { label = "Menu", end = false, role = "menu", wide = false } = {}) {
  if (open?.anchor === anchor) return closeMenu();
  closeMenu();
  const itemRole = role === "menu" ? "menuitem" : "option";
  const rows = items.map((item) =>
    el("button", {
      type: "button", role: itemRole, tabindex: -1, class: `menu-item ${item.danger ? "danger" : ""}`,
      aria: { selected: role === "listbox" ? Boolean(item.current) : null },
      on: { click: () => { closeMenu({ refocus: true }); item.choose(); } },
    }, item.lead, el("span", { class: "menu-text" }, el("span", {}, item.label), item.note && el("span", { class: "menu-note" }, item.note))));
  const node = el("div", { class: wide ? "menu wide" : "menu", role, aria: { label }, on: { keydown: (event) => step(event, rows) } }, rows);
  (anchor.closest("dialog") ?? document.body).append(node);
  place(node, anchor, { end });
  anchor.setAttribute("aria-expanded", "true");
  open = { node, anchor };
  (rows[items.findIndex((item) => item.current)] ?? rows[0])?.focus();
}

function step(event, rows) {
  const at = rows.indexOf(document.activeElement);
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
  if (event.key in moves) {
    event.preventDefault();
    rows[(moves[event.key] + rows.length) % rows.length].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    closeMenu({ refocus: true });
  }
}

/** Ask before acting, as a button's `confirm` object says. Resolves to whether the person agreed. */
export function confirmed(object, view) {
  if (!object) return Promise.resolve(true);
  return new Promise((resolve) => {
    const agree = el("button", { type: "button", class: `button ${object.style === "danger" ? "danger" : "primary"}` }, plainText(object.confirm ?? "Yes"));
    const deny = el("button", { type: "button", class: "button" }, plainText(object.deny ?? "Cancel"));
    const dialog = el("dialog", { class: "dialog small", aria: { labelledby: "confirm-title" } },
      el("h2", { id: "confirm-title" }, plainText(object.title ?? "Are you sure?")),
      el("div", { class: "text" }, textObject(object.text, view)),
      el("div", { class: "dialog-buttons" }, deny, agree));
    const close = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    agree.addEventListener("click", () => close(true));
    deny.addEventListener("click", () => close(false));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(false); });
    document.body.append(dialog);
    dialog.showModal();
    (object.style === "danger" ? deny : agree).focus();
  });
}
