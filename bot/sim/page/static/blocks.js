// Block Kit as DOM nodes: the layout blocks of messages, modals and the Home tab.

import { el, icon } from "./dom.js";
import { element } from "./elements.js";
import { markdown } from "./markdown.js";
import { mrkdwn, plainText, safeUrl, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/**
 * Render blocks. `host` receives what a person does: `press(block, element, payload, node)`, and in modals
 * `register(block, element, read)`; `errors` maps block ids to sentences.
 */
export function blocks(list, view, host) {
  return (list ?? []).map((block, index) => {
    const known = { ...block, block_id: block.block_id ?? `block-${index}` };
    const node = draw(known, view, host);
    node.dataset.block = known.block_id;
    return node;
  });
}

function draw(block, view, host) {
  switch (block.type) {
    case "section": return section(block, view, host);
    case "header": return el("div", { class: "block header", role: "heading", aria: { level: 3 } }, plainText(block.text));
    case "divider": return el("hr", { class: "block" });
    case "context": return el("div", { class: "block context" }, (block.elements ?? []).map((item) => contextItem(item, view)));
    case "actions":
      return el("div", { class: "block actions" }, (block.elements ?? []).map((item) => element(item, block, view, host)));
    case "image": return picture(block);
    case "input": return input(block, view, host);
    case "rich_text": return el("div", { class: "block rich" }, richText(block, view));
    case "markdown": return el("div", { class: "block markdown" }, markdown(block.text));
    case "table": return table(block, view);
    case "alert": return el("div", { class: `block alert ${block.level ?? "default"}` }, icon("alert"), el("div", {}, textObject(block.text, view)));
    default:
      return el("div", { class: "block unknown" }, `This page cannot draw a “${block.type}” block.`);
  }
}

function section(block, view, host) {
  const body = el("div", { class: "section-body" });
  if (block.text) body.append(el("div", { class: "text" }, textObject(block.text, view)));
  if (block.fields?.length) {
    body.append(el("div", { class: "fields" }, block.fields.map((field) => el("div", { class: "field" }, textObject(field, view)))));
  }
  const accessory = block.accessory && element(block.accessory, block, view, host);
  return el("div", { class: "block section" }, body, accessory && el("div", { class: "accessory" }, accessory));
}

function contextItem(item, view) {
  if (item.type === "image") return image(item, "context-image");
  return el("span", { class: "context-text" }, textObject(item, view));
}

/** A picture from this page's own address is shown; one from elsewhere is only named, as nothing is loaded from outside. */
export function image(item, name = "") {
  const url = item.image_url && safeUrl(new URL(item.image_url, location.href).href);
  if (url && new URL(url).origin === location.origin) return el("img", { src: url, alt: item.alt_text ?? "", class: name });
  return el("span", { class: `image-stand-in ${name}`, title: item.alt_text ?? "" }, icon("image"), el("span", {}, item.alt_text ?? "picture"));
}

function picture(block) {
  return el("figure", { class: "block image" },
    block.title && el("figcaption", {}, plainText(block.title)), image(block, "picture"));
}

function input(block, view, host) {
  const label = `${host.name ?? "input"}-${block.block_id}`;
  const error = host.errors?.[block.block_id];
  const grouped = ["checkboxes", "radio_buttons", "multi_static_select"].includes(block.element?.type);
  const control = element(block.element ?? {}, block, view, { ...host, label, described: `${label}-more`, invalid: Boolean(error) });
  return el(grouped ? "fieldset" : "div", { class: error ? "block input invalid" : "block input" },
    el(grouped ? "legend" : "label", grouped ? {} : { for: label }, plainText(block.label),
      block.optional && el("span", { class: "optional" }, " (optional)")),
    control,
    el("div", { id: `${label}-more` },
      block.hint && el("div", { class: "hint" }, plainText(block.hint)),
      error && el("div", { class: "error", role: "alert" }, icon("alert", 14), error)));
}

function table(block, view) {
  const [head, ...rows] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  const cell = (tag) => (item, index) =>
    el(tag, { class: `${settings[index]?.align ?? "left"} ${settings[index]?.is_wrapped ? "wrap" : ""}`, scope: tag === "th" ? "col" : null },
      item?.type === "rich_text" ? richText(item, view) : String(item?.text ?? item?.value ?? ""));
  return el("div", { class: "block table-scroll", tabindex: 0 },
    el("table", {},
      head && el("thead", {}, el("tr", {}, head.map(cell("th")))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell("td")))))));
}

const NAMED = { good: "good", warning: "warning", danger: "danger" };

/** An attachment: a coloured bar with blocks, or the older fields of Slack's attachments. */
export function attachment(item, view, host) {
  const bar = el("div", { class: `bar ${NAMED[item.color] ?? ""}` });
  if (!NAMED[item.color] && /^#?[0-9a-f]{6}$/i.test(item.color ?? "")) bar.style.background = `#${item.color.replace("#", "")}`;
  const title = item.title && textObject({ type: "mrkdwn", text: item.title }, view);
  const body = item.blocks?.length
    ? blocks(item.blocks, view, host)
    : [
        item.title && el("div", { class: "attachment-title" }, safeUrl(item.title_link ?? "") ? el("a", { href: safeUrl(item.title_link), target: "_blank", rel: "noopener noreferrer" }, title) : title),
        (item.text || item.fallback) && el("div", { class: "text" }, mrkdwn(item.text ?? item.fallback, view)),
        item.fields?.length && el("div", { class: "fields" }, item.fields.map((field) =>
          el("div", { class: "field" }, el("strong", {}, field.title ?? ""), el("br"), mrkdwn(field.value ?? "", view)))),
        item.footer && el("div", { class: "block context" }, mrkdwn(item.footer, view)),
      ];
  return el("div", { class: "attachment-wrap" },
    item.pretext && el("div", { class: "text" }, mrkdwn(item.pretext, view)),
    el("div", { class: "attachment" }, bar, el("div", { class: "attachment-body" }, body)));
}
