// Slack's mrkdwn as DOM nodes. Text becomes text nodes and nothing else: no markup in it can ever run.

import { el } from "./dom.js";
import { emoji, emojiNode, pictured } from "./emoji.js";
import { full, slackDate } from "./time.js";

/** Undo Slack's three escapes, once. */
export const unescape = (text) => text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);

/** A link that leads somewhere harmless, or null. */
export function safeUrl(url) {
  try {
    const parsed = new URL(url);
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

export function link(url, children) {
  const href = safeUrl(url);
  return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }, children) : el("span", {}, children);
}

const person = (view, id) => view.people?.get(id);

export function mention(view, id, label) {
  const known = person(view, id);
  const own = id === view.me?.id;
  return el("span", { class: own ? "mention own" : "mention", title: known?.real_name ?? id, data: { user: id } },
    `@${known ? known.real_name || known.name : label || id}`);
}

export function channelLink(view, id, label) {
  const known = view.channels?.get(id);
  const name = known?.name ?? label;
  if (!known) return el("span", { class: "mention plain" }, name ? `#${name}` : "#private-channel");
  return el("a", { class: "mention", href: `#c=${id}`, data: { open: id } }, `#${name}`);
}

const BROADCASTS = { channel: "@channel", here: "@here", everyone: "@everyone" };
export const broadcast = (name) => el("span", { class: "mention broadcast" }, BROADCASTS[name] ?? `@${name}`);

export function date(view, seconds, pattern, url, fallback) {
  if (!Number.isFinite(seconds)) return document.createTextNode(fallback ?? "");
  const shown = slackDate(seconds, pattern, view.now, view.me?.tz, view.me?.locale);
  const node = el("time", { datetime: new Date(seconds * 1000).toISOString(), title: full(seconds, view.me?.tz) }, shown);
  return url ? link(url, node) : node;
}

/** What stands between < and >. */
function control(view, inner) {
  const [head, ...rest] = inner.split("|");
  const label = rest.length ? unescape(rest.join("|")) : "";
  if (/^@[UWB]/.test(head)) return mention(view, head.slice(1), label.replace(/^@/, ""));
  if (/^#[CG]/.test(head)) return channelLink(view, head.slice(1), label);
  if (head.startsWith("!subteam^")) return el("span", { class: "mention" }, label || `@${groupName(view, head.slice(9))}`);
  if (head.startsWith("!date^")) {
    const [, seconds, pattern = "{date}", url] = head.split("^");
    return date(view, Number(seconds), unescape(pattern), url && unescape(url), label);
  }
  if (head.startsWith("!")) {
    const name = head.slice(1);
    return name in BROADCASTS ? broadcast(name) : document.createTextNode(label || `<${inner}>`);
  }
  const url = unescape(head);
  if (safeUrl(url)) return link(url, [label || url.replace(/^mailto:/, "")]);
  return document.createTextNode(label || `<${unescape(inner)}>`);
}

const groupName = (view, id) => view.groups?.get(id) ?? id;

const SPANS = [
  { mark: "*", tag: "strong" },
  { mark: "_", tag: "em" },
  { mark: "~", tag: "s" },
];

const isWord = (letter) => letter !== undefined && /[\p{L}\p{N}_]/u.test(letter);

/** Where the span opened at `start` closes, or -1: not next to a blank, not inside a word, on the same line. */
function closing(text, start, mark) {
  if (isWord(text[start - 1]) || text[start - 1] === mark) return -1;
  if (text[start + 1] === undefined || /\s/.test(text[start + 1]) || text[start + 1] === mark) return -1;
  for (let at = start + 2; at < text.length; at += 1) {
    if (text[at] === "\n") return -1;
    if (text[at] === "<") {
      const end = text.indexOf(">", at);
      if (end > 0) at = end;
      continue;
    }
    if (text[at] === mark && !/\s/.test(text[at - 1]) && !isWord(text[at + 1])) return at;
  }
  return -1;
}

const BARE_URL = /^https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]]/;

/** Inline text: control sequences, code, bold, italic, strike, emoji; bare links unless `verbatim`. */
export function inline(text, view, { verbatim = true } = {}) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(...pictured(unescape(plain)));
    plain = "";
  };
  const push = (node) => {
    flush();
    nodes.push(node);
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "<") {
      const end = text.indexOf(">", at);
      if (end > at + 1) {
        push(control(view, text.slice(at + 1, end)));
        at = end;
        continue;
      }
    } else if (letter === "`") {
      const end = text.indexOf("`", at + 1);
      if (end > at + 1 && !text.slice(at, end).includes("\n")) {
        push(el("code", {}, literal(text.slice(at + 1, end), view)));
        at = end;
        continue;
      }
    } else if (letter === ":") {
      const found = /^:([a-z0-9_+\-']+(?:::skin-tone-\d)?):/.exec(text.slice(at, at + 60));
      const character = found && emoji(found[1]);
      if (character) {
        push(emojiNode(character, found[1]));
        at += found[0].length - 1;
        continue;
      }
    } else if (letter === "\n") {
      push(el("br"));
      continue;
    } else if (!verbatim && letter === "h" && !isWord(text[at - 1])) {
      const found = BARE_URL.exec(text.slice(at));
      if (found) {
        push(link(unescape(found[0]), [unescape(found[0])]));
        at += found[0].length - 1;
        continue;
      }
    }
    const span = SPANS.find((candidate) => candidate.mark === letter);
    const end = span ? closing(text, at, letter) : -1;
    if (end > 0) {
      push(el(span.tag, {}, inline(text.slice(at + 1, end), view, { verbatim })));
      at = end;
      continue;
    }
    plain += letter;
  }
  flush();
  return nodes;
}

/** Code keeps its characters, but Slack still resolves <…> in it. */
function literal(text, view) {
  return text.split(/(<[^<>\n]+>)/).map((part) =>
    part.startsWith("<") && part.endsWith(">") ? control(view, part.slice(1, -1)) : unescape(part));
}

const QUOTE = /^(?:&gt;|>) ?/;

/** A whole mrkdwn text: fenced blocks, quotes, and lines between them. */
export function mrkdwn(text, view, options = {}) {
  const nodes = [];
  const parts = String(text ?? "").split(/```\n?([\s\S]*?)\n?```/);
  parts.forEach((part, index) => {
    if (index % 2) {
      nodes.push(el("pre", { tabindex: 0 }, el("code", {}, literal(part, view))));
      return;
    }
    // A fence is a block of its own: the line ends beside it are not further empty lines.
    const middle = part.replace(index > 0 ? /^\n/ : /^/, "").replace(index < parts.length - 1 ? /\n$/ : /$^/, "");
    if (middle) nodes.push(...paragraphs(middle, view, options));
  });
  return nodes;
}

function paragraphs(text, view, options) {
  const nodes = [];
  let run = [];
  let quoted = false;
  const close = () => {
    if (!run.length) return;
    const children = inline(run.join("\n"), view, options);
    nodes.push(...(quoted ? [el("blockquote", {}, children)] : children));
    run = [];
  };
  for (const line of text.split("\n")) {
    const isQuote = QUOTE.test(line);
    if (isQuote !== quoted) {
      close();
      quoted = isQuote;
    }
    run.push(isQuote ? line.replace(QUOTE, "") : line);
  }
  close();
  return nodes;
}

/** A Slack text object: mrkdwn, or plain text in which only emoji names mean something. */
export function textObject(object, view) {
  if (!object) return [];
  if (typeof object === "string") return [object];
  if (object.type === "mrkdwn") return mrkdwn(object.text, view, { verbatim: object.verbatim !== false });
  return plainText(object);
}

export function plainText(object) {
  const text = unescape(String(object?.text ?? object ?? ""));
  if (object?.emoji === false) return [text];
  return [text.replace(/:([a-z0-9_+-]+):/g, (token, name) => emoji(name) ?? token)];
}

/** What a screen reader or a notice says of a message: its text without marks. */
export function summary(message) {
  const text = message.text || message.blocks?.map((block) => block.text?.text ?? "").filter(Boolean)[0] || "";
  return unescape(text.replace(/<[^>|]*\|([^>]*)>/g, "$1").replace(/[*_~`]/g, "")).slice(0, 200);
}
