// A text box that offers what a search finds: Slack's external select.

import { el } from "./dom.js";
import { plainText } from "./mrkdwn.js";

const label = (option) => plainText(option.text).join("");
let serial = 0;

/**
 * Build the box. `search(text)` resolves to options; `choose(option)` hears the choice; `chosen()` tells it.
 */
export function combobox({ attributes, placeholder, initial, least, search, choose }) {
  serial += 1;
  const listId = `offers-${serial}`;
  const input = el("input", {
    ...attributes, type: "text", class: "field-input", placeholder, role: "combobox", autocomplete: "off",
    aria: { ...attributes.aria, expanded: "false", controls: listId, autocomplete: "list" },
  });
  const list = el("div", { class: "offers", role: "listbox", id: listId, hidden: true });
  const node = el("span", { class: "combobox" }, input, list);
  let chosen = initial ?? null;
  let found = [];
  let active = -1;
  let timer = 0;
  let asked = 0;
  if (initial) input.value = label(initial);

  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) input.removeAttribute("aria-activedescendant");
  };
  const pick = (option) => {
    chosen = option;
    input.value = label(option);
    show(false);
    choose(option);
  };
  const draw = () => {
    list.replaceChildren(...(found.length
      ? found.map((option, index) => el("div", {
          role: "option", id: `${listId}-${index}`, class: index === active ? "offer active" : "offer",
          aria: { selected: String(index === active) },
          on: { pointerdown: (event) => { event.preventDefault(); pick(option); } },
        }, label(option)))
      : [el("div", { class: "offer none" }, "Nothing found.")]));
    if (active >= 0) input.setAttribute("aria-activedescendant", `${listId}-${active}`);
    show(true);
  };
  const look = async () => {
    if (input.value.length < least) return show(false);
    asked += 1;
    const mine = asked;
    try {
      const options = await search(input.value);
      if (mine !== asked) return undefined;
      found = options;
    } catch {
      found = [];
    }
    active = found.length ? 0 : -1;
    return draw();
  };
  input.addEventListener("input", () => {
    chosen = null;
    clearTimeout(timer);
    timer = setTimeout(look, 150);
  });
  input.addEventListener("focus", () => { if (!chosen) look(); });
  input.addEventListener("click", look);
  input.addEventListener("blur", () => show(false));
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(1, found.length);
      draw();
    } else if (event.key === "Enter" && found[active]) {
      event.preventDefault();
      pick(found[active]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      show(false);
    }
  });
  return { node, chosen: () => chosen };
}
