// Short notices in the corner; errors stay until they are closed or eight seconds have passed.

import { el, icon } from "./dom.js";

const shown = new Map();

export function toast(text, kind = "error") {
  const old = shown.get(text);
  if (old) return old.again();
  const place = document.getElementById("toasts");
  const close = () => {
    clearTimeout(timer);
    shown.delete(text);
    node.remove();
  };
  const node = el("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" },
    icon(kind === "error" ? "alert" : "check"), el("span", { class: "toast-text" }, text),
    el("button", { type: "button", class: "icon-button", aria: { label: "Close this notice" }, on: { click: close } }, icon("close", 14)));
  let timer = setTimeout(close, 8000);
  shown.set(text, { again: () => { clearTimeout(timer); timer = setTimeout(close, 8000); } });
  place.append(node);
  return undefined;
}
