// The emoji that a bot's words use: by Slack's names or as characters, shown as pictures the way Slack does.

import { picture } from "./emoji_art.js";

const NAMES = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", negative_squared_cross_mark: "❎",
  warning: "⚠️", rotating_light: "🚨", fire: "🔥", boom: "💥", bell: "🔔", no_bell: "🔕", mute: "🔇", loudspeaker: "📢",
  mega: "📣", red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢",
  large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", large_green_square: "🟩", large_red_square: "🟥",
  large_blue_square: "🟦", large_purple_circle: "🟣", large_purple_square: "🟪", large_brown_circle: "🟤", white_small_square: "▫️",
  large_yellow_square: "🟨", large_orange_square: "🟧", white_large_square: "⬜", black_large_square: "⬛",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", alarm_clock: "⏰", calendar: "📅", date: "📅",
  repeat: "🔁", arrows_counterclockwise: "🔄", arrows_clockwise: "🔃", arrow_forward: "▶️", arrow_right: "➡️",
  arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", double_vertical_bar: "⏸️", black_square_for_stop: "⏹️",
  fast_forward: "⏩", rewind: "⏪", eyes: "👀", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", wave: "👋",
  raised_hands: "🙌", pray: "🙏", clap: "👏", muscle: "💪", tada: "🎉", sparkles: "✨", star: "⭐", zap: "⚡", bulb: "💡",
  wrench: "🔧", hammer_and_wrench: "🛠️", gear: "⚙️", package: "📦", rocket: "🚀", construction: "🚧", mag: "🔍", link: "🔗",
  lock: "🔒", unlock: "🔓", key: "🔑", shield: "🛡️", page_facing_up: "📄", scroll: "📜", clipboard: "📋", memo: "📝",
  pencil: "📝", pencil2: "✏️", bookmark: "🔖", bar_chart: "📊", chart_with_upwards_trend: "📈",
  chart_with_downwards_trend: "📉", inbox_tray: "📥", outbox_tray: "📤", speech_balloon: "💬", thought_balloon: "💭",
  zzz: "💤", sleeping: "😴", sunny: "☀️", sunrise: "🌅", cloud: "☁️", mostly_sunny: "🌤️", lightning: "🌩️", robot_face: "🤖", information_source: "ℹ️",
  question: "❓", grey_question: "❔", exclamation: "❗", heavy_exclamation_mark: "❗", no_entry: "⛔", no_entry_sign: "🚫",
  stop_sign: "🛑", octagonal_sign: "🛑", skull: "💀", bug: "🐛", ambulance: "🚑", sos: "🆘", recycle: "♻️",
  smile: "😄", slightly_smiling_face: "🙂", grinning: "😀", thinking_face: "🤔", sweat_smile: "😅", joy: "😂", heart: "❤️",
  green_heart: "💚", blue_heart: "💙", cry: "😢", disappointed: "😞", confused: "😕", bust_in_silhouette: "👤",
  busts_in_silhouette: "👥", pager: "📟", satellite_antenna: "📡", electric_plug: "🔌", house: "🏠", round_pushpin: "📍",
  pushpin: "📌", label: "🏷️", left_speech_bubble: "🗨️", thread: "🧵", test_tube: "🧪", drum_with_drumsticks: "🥁",
};

for (let hour = 1; hour <= 12; hour += 1) {
  NAMES[`clock${hour}`] = String.fromCodePoint(0x1f54f + hour);
  NAMES[`clock${hour}30`] = String.fromCodePoint(0x1f55b + hour);
}

const BY_CHARACTER = new Map();
for (const [name, character] of Object.entries(NAMES)) {
  const bare = character.replaceAll("\ufe0f", "");
  if (!BY_CHARACTER.has(bare)) BY_CHARACTER.set(bare, name);
}

/** The character of a short name (skin tones ignored), or null where the name is not known here. */
export function emoji(name) {
  return NAMES[name.split("::")[0]] ?? null;
}

const nameOf = (character) => BY_CHARACTER.get(character.replaceAll("\ufe0f", "")) ?? null;

/** An emoji as a node: a picture, else the character, else, where no font of this machine has it, its `:name:`. */
export function emojiNode(character, name = nameOf(character)) {
  const node = document.createElement("span");
  node.className = "emoji";
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", name ? name.replaceAll("_", " ") : character);
  if (name) node.title = `:${name}:`;
  const image = picture(character);
  // The character stays in the text, so that it can be copied and found.
  node.textContent = image || !name || inFont(character) ? character : `:${name}:`;
  if (image) {
    node.classList.add("drawn");
    node.style.backgroundImage = image;
  }
  return node;
}

// A character that is an emoji of its own accord, or one that is made one by U+FE0F; with tones and joined parts.
const EMOJI = /(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f?)(?:\p{Emoji_Modifier}|\u200d\p{Extended_Pictographic}\ufe0f?)*/gu;
const MAYBE = /\p{Extended_Pictographic}/u;

/** A text as strings and nodes, its emoji being pictures. */
export function pictured(text) {
  if (!MAYBE.test(text)) return [text];
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(EMOJI)) {
    const [character] = found;
    if (!isEmoji(character)) continue;
    if (found.index > from) parts.push(text.slice(from, found.index));
    parts.push(emojiNode(character));
    from = found.index + character.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/** ©, ™ and the like are text unless somebody asks for the emoji. */
const isEmoji = (character) => /\p{Emoji_Presentation}|\ufe0f/u.test(character) || picture(character) !== null;

const UNKNOWN = "\u{10fffd}"; // in no font: it shows what a missing character looks like
const glyphs = new Map();
let pen = null;

function glyph(character) {
  pen ??= Object.assign(document.createElement("canvas"), { width: 24, height: 24 }).getContext("2d", { willReadFrequently: true });
  pen.clearRect(0, 0, 24, 24);
  pen.font = "16px sans-serif";
  pen.fillText(character, 2, 18);
  return pen.getImageData(0, 0, 24, 24).data.join();
}

function inFont(character) {
  if (!glyphs.has(character)) glyphs.set(character, glyph(character) !== glyph(UNKNOWN));
  return glyphs.get(character);
}
