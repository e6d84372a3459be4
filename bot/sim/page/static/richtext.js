// Slack's rich_text as DOM nodes: its text elements are literal, nothing in them is parsed.

import { el } from "./dom.js";
import { emoji, emojiNode } from "./emoji.js";
import { broadcast, channelLink, date, link, mention } from "./mrkdwn.js";

function styled(node, style = {}) {
  let result = node;
  if (style.code) result = el("code", {}, result);
  if (style.bold) result = el("strong", {}, result);
  if (style.italic) result = el("em", {}, result);
  if (style.strike) result = el("s", {}, result);
  return result;
}

function lines(text) {
  return String(text ?? "").split("\n").flatMap((line, index) => (index ? [el("br"), line] : [line]));
}

function piece(item, view, raw) {
  switch (item.type) {
    case "text": return styled(el("span", {}, raw ? item.text : lines(item.text)), item.style);
    case "link": return styled(link(item.url, [item.text || item.url]), item.style);
    case "emoji": return emoji(item.name) ? emojiNode(emoji(item.name), item.name) : document.createTextNode(`:${item.name}:`);
    case "user": return mention(view, item.user_id);
    case "usergroup": return el("span", { class: "mention" }, `@${view.groups?.get(item.usergroup_id) ?? item.usergroup_id}`);
    case "channel": return channelLink(view, item.channel_id);
    case "broadcast": return broadcast(item.range);
    case "date": return date(view, Number(item.timestamp), item.format ?? "{date}", item.url, item.fallback);
    case "color": return el("code", {}, item.value);
    default: return document.createTextNode(item.text ?? "");
  }
}

const pieces = (items, view, raw = false) => (items ?? []).map((item) => piece(item, view, raw));

function part(element, view) {
  switch (element.type) {
    case "rich_text_section": return el("div", { class: "rich-section" }, pieces(element.elements, view));
    case "rich_text_preformatted":
      return el("pre", { tabindex: 0, class: element.border ? "bordered" : "" }, el("code", {}, pieces(element.elements, view, true)));
    case "rich_text_quote": return el("blockquote", {}, pieces(element.elements, view));
    case "rich_text_list":
      return el(element.style === "ordered" ? "ol" : "ul",
        { class: `indent${Math.min(element.indent ?? 0, 4)}`, start: element.style === "ordered" ? (element.offset ?? 0) + 1 : null },
        (element.elements ?? []).map((item) => el("li", {}, pieces(item.elements, view))));
    default: return el("span");
  }
}

export const richText = (block, view) => (block.elements ?? []).map((element) => part(element, view));

/** The plain characters of a rich_text block, for a copy button or a label. */
export function richTextCharacters(block) {
  if (block.text !== undefined) return String(block.text);
  return (block.elements ?? []).map(richTextCharacters).join("");
}
