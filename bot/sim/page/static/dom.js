// How DOM nodes are made here: from values, never from markup, so no text can become a tag.

import { pictured } from "./emoji.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `props` may hold `class`, `text`, `on` (event handlers), `data`, `aria` and plain attributes;
 * an attribute that is false, null or undefined is left out. Children are nodes, strings, or nested lists of both.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (name === "data") for (const [key, item] of Object.entries(value)) node.dataset[key] = String(item);
    else if (name === "aria") {
      for (const [key, item] of Object.entries(value)) {
        if (item !== undefined && item !== null) node.setAttribute(`aria-${key}`, String(item));
      }
    } else if (name === "value" || name === "checked" || name === "selected" || name === "disabled") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

/** Whether a text has more Chinese characters than Latin words; the rest of the page is English. */
const isChinese = (text) => (text.match(/\p{Script=Han}/gu)?.length ?? 0) > (text.match(/[a-z]+/gi)?.length ?? 0);

export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    if (isChinese(child instanceof Node ? (child.nodeType === Node.TEXT_NODE ? child.data : "") : String(child))) node.lang = "zh-CN";
    // What a list offers natively can hold no pictures.
    if (child instanceof Node || node.tagName === "OPTION") node.append(child);
    else node.append(...pictured(String(child)));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  node.removeAttribute("lang");
  return append(node, children);
}

/** Put `nodes` into `parent` in this order, moving and removing as little as possible: focus and menus survive. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] ?? null);
  });
}

// 20 × 20 outlines, drawn for this page.
const PATHS = {
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h13.5M3 12.5h13.5",
  lock: "M6 9V6.5a4 4 0 0 1 8 0V9M5 9h10v7.5H5z",
  share: "M8 6H5.5A2.5 2.5 0 0 0 3 8.5v6A2.5 2.5 0 0 0 5.5 17h6a2.5 2.5 0 0 0 2.5-2.5V12M11 3h6v6M17 3l-8 8",
  message: "M4 4h12v9H9l-3.5 3v-3H4z",
  send: "M3 3.5 17.5 10 3 16.5 5.5 10zM5.5 10h6",
  close: "m5 5 10 10M15 5 5 15",
  check: "m4 10.5 4 4 8-9",
  down: "m5.5 8 4.5 4.5L14.5 8",
  right: "m8 5.5 4.5 4.5L8 14.5",
  back: "M11.5 4.5 6 10l5.5 5.5",
  more: "M4.6 10h.01M10 10h.01M15.4 10h.01",
  eye: "M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10zM10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z",
  file: "M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15M7.5 10h5M7.5 13.5h5",
  play: "M6 4v12l10-6z",
  bolt: "M11 2.5 4.5 11.5H10l-1 6 6.5-9H10z",
  clock: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 6v4.5l3 1.5",
  heal: "M16.5 10a6.5 6.5 0 1 1-2-4.7M16.5 3v3.5H13",
  panel: "M3 4h14v12H3zM12 4v12",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5 17.5 17.5",
  alert: "M10 3 2.5 16.5h15zM10 8v4M10 14.2v.01",
  at: "M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM13.2 7v4.4c0 2.5 4.3 2 4.3-1.4a7.5 7.5 0 1 0-3 6",
  home: "M3 9.5 10 3.5l7 6M5 8.5V17h10V8.5",
  users: "M7.5 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17c0-3.3 2.5-5 5.5-5s5.5 1.7 5.5 5M13 4.3a3 3 0 0 1 0 5.4M15 12.4c1.8.7 3 2.2 3 4.6",
  list: "M7 5h10M7 10h10M7 15h10M3.5 5h.01M3.5 10h.01M3.5 15h.01",
  image: "M3 4h14v12H3zM3 13.5l4-4 4 4 2.5-2.5 3.5 3.5M13 8h.01",
};

export function icon(name, size = 16) {
  const node = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 20 20", width: size, height: size, fill: "none", stroke: "currentColor" };
  const more = { "stroke-width": name === "more" ? 2.4 : 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" };
  for (const [key, value] of Object.entries({ ...attributes, ...more })) node.setAttribute(key, value);
  node.setAttribute("aria-hidden", "true");
  node.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.more);
  node.append(path);
  return node;
}

/** The mark of the app: a flow that splits and joins. */
export function mark(size = 20) {
  const node = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size })) node.setAttribute(key, value);
  node.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", "M5 12h3.5c3 0 2.5-5 5.5-5h2M8.5 12c3 0 2.5 5 5.5 5h2");
  for (const [key, value] of Object.entries({ fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round" })) {
    line.setAttribute(key, value);
  }
  node.append(line);
  for (const [x, y] of [[5, 12], [18, 7], [18, 17]]) {
    const dot = document.createElementNS(SVG, "circle");
    for (const [key, value] of Object.entries({ cx: x, cy: y, r: 2.4, fill: "currentColor" })) dot.setAttribute(key, value);
    node.append(dot);
  }
  return node;
}

const COLOURS = 8;

/** A person's square: initials on one of eight colours that depends on the id alone. */
export function avatar(person, size = "") {
  const name = person?.real_name || person?.name || "?";
  if (person?.bot) return el("span", { class: `avatar app ${size}`, aria: { hidden: true } }, mark(size === "small" ? 14 : 22));
  const initials = name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
  let sum = 0;
  for (const letter of person?.id ?? name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return el("span", { class: `avatar c${sum % COLOURS} ${size}`, aria: { hidden: true }, text: initials });
}

/** Say something to a screen reader without showing it. */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
}
