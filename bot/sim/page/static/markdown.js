// The Markdown of Slack's `markdown` block, as DOM nodes: headings, lists, fences, quotes, tables, links, emphasis.

import { el } from "./dom.js";
import { emoji, emojiNode } from "./emoji.js";
import { link } from "./mrkdwn.js";

const INLINE = [
  { pattern: /^`([^`\n]+)`/, make: (found) => el("code", {}, found[1]) },
  { pattern: /^\*\*(?=\S)([\s\S]*?\S)\*\*/, make: (found) => el("strong", {}, spans(found[1])) },
  { pattern: /^~~(?=\S)([\s\S]*?\S)~~/, make: (found) => el("s", {}, spans(found[1])) },
  { pattern: /^[*_](?=\S)([^*_\n]*?\S)[*_](?!\w)/, make: (found) => el("em", {}, spans(found[1])) },
  { pattern: /^\[([^\]\n]+)\]\(([^)\s]+)\)/, make: (found) => link(found[2], spans(found[1])) },
  { pattern: /^<?(https?:\/\/[^\s<>]*[^\s<>.,;:!?)])>?/, make: (found) => link(found[1], [found[1]]) },
  { pattern: /^:([a-z0-9_+-]+):/, make: (found) => (emoji(found[1]) ? emojiNode(emoji(found[1]), found[1]) : found[0]) },
  { pattern: /^\\([\\`*_{}[\]()#+\-.!~|<>])/, make: (found) => document.createTextNode(found[1]) },
  { pattern: /^&(lt|gt|amp);/, make: (found) => document.createTextNode({ lt: "<", gt: ">", amp: "&" }[found[1]]) },
  { pattern: /^ {2,}\n|^\n/, make: () => el("br") },
];

function spans(text) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const inWord = /\w$/.test(plain) && rest[0] === "_";
    const rule = inWord ? undefined : INLINE.find((candidate) => candidate.pattern.test(rest));
    if (!rule) {
      plain += text[at];
      at += 1;
      continue;
    }
    const found = rule.pattern.exec(rest);
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(rule.make(found));
    at += found[0].length;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

const BULLET = /^(\s*)(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

export function markdown(text) {
  const lines = String(text ?? "").split("\n");
  const nodes = [];
  let at = 0;
  const take = (test) => {
    const start = at;
    while (at < lines.length && test(lines[at])) at += 1;
    return lines.slice(start, at);
  };
  while (at < lines.length) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (/^```/.test(line)) {
      at += 1;
      const body = take((item) => !/^```/.test(item));
      at += 1;
      nodes.push(el("pre", { tabindex: 0 }, el("code", {}, body.join("\n"))));
    } else if (heading) {
      at += 1;
      nodes.push(el("p", { class: `heading level${heading[1].length}`, role: "heading", aria: { level: heading[1].length + 2 } }, spans(heading[2])));
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      at += 1;
      nodes.push(el("hr"));
    } else if (/^>/.test(line)) {
      nodes.push(el("blockquote", {}, spans(take((item) => /^>/.test(item)).map((item) => item.replace(/^> ?/, "")).join("\n"))));
    } else if (BULLET.test(line)) {
      nodes.push(list(take((item) => BULLET.test(item))));
    } else if (/^\s*\|/.test(line) && /^[\s|:-]+$/.test(lines[at + 1] ?? "")) {
      const [head, , ...rows] = take((item) => /^\s*\|/.test(item));
      nodes.push(el("div", { class: "table-scroll", tabindex: 0 }, el("table", {},
        el("thead", {}, el("tr", {}, cells(head).map((cell) => el("th", {}, spans(cell))))),
        el("tbody", {}, rows.map((row) => el("tr", {}, cells(row).map((cell) => el("td", {}, spans(cell)))))))));
    } else if (!line.trim()) {
      at += 1;
    } else {
      const special = (item) => !item.trim() || /^(```|#{1,6}\s|>)/.test(item) || BULLET.test(item);
      const paragraph = take((item) => !special(item));
      if (!paragraph.length) paragraph.push(lines[at++]);
      nodes.push(el("p", {}, spans(paragraph.join("\n"))));
    }
  }
  return nodes;
}

function list(lines) {
  const items = lines.map((line) => BULLET.exec(line)).map(([, indent, number, text]) => ({ depth: indent.length, number, text }));
  const build = (from, depth) => {
    const node = el(items[from].number ? "ol" : "ul", items[from].number ? { start: items[from].number } : {});
    let at = from;
    while (at < items.length && items[at].depth >= depth) {
      if (items[at].depth > depth && node.lastElementChild) {
        const [inner, next] = build(at, items[at].depth);
        node.lastElementChild.append(inner);
        at = next;
      } else {
        node.append(el("li", {}, spans(items[at].text)));
        at += 1;
      }
    }
    return [node, at];
  };
  return build(0, Math.min(...items.map((item) => item.depth)))[0];
}
