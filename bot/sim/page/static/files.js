// An uploaded file as a card: its name, its size, the first lines, and all of it on request; a picture as a picture.

import * as api from "./api.js";
import { el, icon } from "./dom.js";
import { failed, store } from "./state.js";

const SHOWN_LINES = 12;

const size = (bytes) => (bytes < 1024 ? `${bytes} bytes` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

export function fileCard(file) {
  return file.name.endsWith(".png") ? pictureCard(file) : textCard(file);
}

const head = (file) => el("div", { class: "file-head" }, el("span", { class: "file-icon" }, icon("file", 20)),
  el("div", {}, el("div", { class: "file-name" }, file.title || file.name),
    el("div", { class: "file-note" }, `${file.name} · ${size(file.size ?? 0)}`)));

/** As Slack shows it: fitted in, and in full in a tab of its own. */
function pictureCard(file) {
  const address = api.fileUrl(file.id, store.as);
  const picture = el("img", { class: "file-picture", src: address, alt: file.alt_txt ?? "", loading: "lazy" });
  return el("div", { class: "file" }, head(file),
    el("a", { class: "file-link", href: address, target: "_blank", rel: "noopener" }, picture));
}

function textCard(file) {
  const preview = el("pre", { class: "file-preview", tabindex: 0, aria: { label: `Preview of ${file.name}` } });
  const all = el("button", { type: "button", class: "link-button", aria: { expanded: "false" } }, "Show all");
  const copy = el("button", { type: "button", class: "link-button" }, "Copy");
  const foot = el("div", { class: "file-foot", hidden: true }, all, copy);
  const card = el("div", { class: "file" }, head(file), preview, foot);
  load(file, preview, foot, all, copy);
  return card;
}

async function load(file, preview, foot, all, copy) {
  preview.textContent = "Loading…";
  let content;
  try {
    content = typeof file.content === "string" ? file.content : await api.getFile(file.id, store.as);
  } catch {
    preview.textContent = "No preview.";
    return;
  }
  const lines = content.replace(/\n$/, "").split("\n");
  const show = (whole) => {
    preview.textContent = whole || lines.length <= SHOWN_LINES ? lines.join("\n") : `${lines.slice(0, SHOWN_LINES).join("\n")}\n…`;
    preview.classList.toggle("whole", whole);
    all.setAttribute("aria-expanded", String(whole));
    all.textContent = whole ? "Show less" : `Show all ${lines.length} lines`;
  };
  show(false);
  all.hidden = lines.length <= SHOWN_LINES;
  foot.hidden = false;
  all.addEventListener("click", () => show(all.getAttribute("aria-expanded") !== "true"));
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(content);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    } catch {
      failed("The browser does not allow this page to copy. Select the text instead.");
    }
  });
}
