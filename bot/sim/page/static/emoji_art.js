// Pictures for the emoji that a bot's words use, drawn for this page: no font of the machine is needed for them.

const SIZE = 36;

const circle = (fill, radius = 15, x = 18, y = 18) => `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fill}"/>`;
const square = (fill, inset = 3, corner = 4) =>
  `<rect x="${inset}" y="${inset}" width="${SIZE - 2 * inset}" height="${SIZE - 2 * inset}" rx="${corner}" fill="${fill}"/>`;
const shape = (fill, path) => `<path d="${path}" fill="${fill}"/>`;
const line = (stroke, path, width = 4) =>
  `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;

const RED = "#dd2e44";
const ORANGE = "#f4900c";
const YELLOW = "#fdcb58";
const GREEN = "#57a639";
const BLUE = "#3b88c3";
const PURPLE = "#aa8ed6";
const BROWN = "#a0603a";
const BLACK = "#31373d";
const GREY = "#8899a6";
const PALE = "#e6e7e8";
const WHITE = "#ffffff";

const light = () => circle("#a9b4be") + circle(PALE, 13);
const sign = (path) => square(BLUE) + shape(WHITE, path);
const turning = (path) => square(BLUE) + line(WHITE, path, 3.5);

/** A clock's face; `hour` may be a half. */
function clock(hour) {
  const hand = (turn, length) => {
    const angle = turn * 2 * Math.PI;
    return `M18 18L${(18 + length * Math.sin(angle)).toFixed(1)} ${(18 - length * Math.cos(angle)).toFixed(1)}`;
  };
  return circle(BLACK, 16) + circle(WHITE, 13) + line(BLACK, hand(hour / 12, 7), 3) + line(RED, hand(hour % 1, 10), 2.5);
}

const bell = shape("#ffac33", "M18 3c-6.5 0-10 4.5-10 11 0 8-4.5 9-4.5 14h29c0-5-4.5-6-4.5-14 0-6.5-3.5-11-10-11z") + circle("#c1694f", 3.5, 18, 31);
const padlock = (shackle) => line(GREY, shackle) + `<rect x="6" y="16" width="24" height="18" rx="3" fill="#ffac33"/>` + circle(BROWN, 3, 18, 24) + line(BROWN, "M18 25v4", 3);
const slash = line(RED, "M5 5 31 31");
const paper = shape("#ccd6dd", "M8 2h14l8 8v24H8z") + line(GREY, "M13 15h12M13 21h12M13 27h8", 2.5);
const chart = (stroke, path) => square(PALE) + line(GREY, "M7 29h22M7 29V7", 2) + line(stroke, path, 3);
const hand = (path) => shape(YELLOW, path);
const heart = (fill) => shape(fill, "M18 32C8 25 2 19 2 12c0-5 4-8.5 8-8.5 3.5 0 6.5 2 8 5 1.5-3 4.5-5 8-5 4 0 8 3.5 8 8.5 0 7-6 13-16 20z");
const face = (more) => circle(YELLOW, 16) + circle("#664500", 2.3, 12, 14) + circle("#664500", 2.3, 24, 14) + more;
const smile = line("#664500", "M10 22c4 5 12 5 16 0", 2.5);
const hourglass = (sand) => line(BLACK, "M7 3h22M7 33h22", 4) + shape("#ccd6dd", "M9 4h18c0 8-6 10-6 14s6 6 6 14H9c0-8 6-10 6-14S9 12 9 4z") + shape(ORANGE, sand);
const arrow = { right: "M7 16h12v-7l11 9-11 9v-7H7z", left: "M29 16H17v-7L6 18l11 9v-7h12z", up: "M16 29V17H9L18 6l9 11h-7v12z", down: "M16 7v12H9l9 11 9-11h-7V7z" };
const loupe = circle(GREY, 11, 15, 15) + circle("#bbddf5", 8, 15, 15) + line(GREY, "M24 24l8 8", 5);
const wrench = line(GREY, "M8 28 22 14", 7) + shape(GREY, "M30 7l-5 5-4-1-1-4 5-5c-6-2-12 3-10 9s10 8 14 4 2-6 1-8z");

const cloud = (fill) => shape(fill, "M9 28a7 7 0 0 1-1-14 9 9 0 0 1 17-2 8 8 0 0 1 3 16z");
const sun = (x, y, radius) => circle("#ffac33", radius, x, y);

const ART = {
  "🔴": circle(RED), "🟠": circle(ORANGE), "🟡": circle(YELLOW), "🟢": circle(GREEN), "🔵": circle(BLUE), "🟣": circle(PURPLE),
  "🟤": circle(BROWN), "⚫": circle(GREY) + circle(BLACK, 13.5), "⚪": light(),
  "🟥": square(RED), "🟧": square(ORANGE), "🟨": square(YELLOW), "🟩": square(GREEN), "🟦": square(BLUE), "🟪": square(PURPLE),
  "⬜": square("#a9b4be") + square(PALE, 5, 2), "⬛": square(GREY) + square(BLACK, 4.5, 3), "▫": square("#a9b4be", 11, 2) + square(PALE, 13, 1),
  "✅": square(GREEN) + line(WHITE, "M9 19l6 7L27 10"), "✔": line(BLACK, "M5 20l8 9L31 7", 5), "☑": square(BLUE) + line(WHITE, "M9 19l6 7L27 10"),
  "❌": line(RED, "M6 6 30 30M30 6 6 30", 6), "✖": line(BLACK, "M6 6 30 30M30 6 6 30", 6), "❎": square(GREEN) + line(WHITE, "M11 11 25 25M25 11 11 25"),
  "⚠": shape("#ffcc4d", "M18 2 35 33H1z") + line(BLACK, "M18 13v9M18 28v.01", 4), "❗": line(RED, "M18 4v17", 6) + circle(RED, 3.5, 18, 31),
  "❓": line(RED, "M11 11c0-9 14-9 14 0 0 6-7 6-7 12", 5.5) + circle(RED, 3.5, 18, 32), "❔": line(GREY, "M11 11c0-9 14-9 14 0 0 6-7 6-7 12", 5.5) + circle(GREY, 3.5, 18, 32),
  "⛔": circle(RED, 16) + line(WHITE, "M9 18h18", 5), "🚫": circle(RED, 16) + circle(WHITE, 11.5) + line(RED, "M8 8 28 28"),
  "🛑": shape(RED, "M11 2h14l9 9v14l-9 9H11l-9-9V11z") + line(WHITE, "M11 18h14", 5), "ℹ": sign("M16 8h4v4h-4zM14 15h6v10h2v3h-8v-3h2v-7h-2z"),
  "🚨": shape(RED, "M8 27v-9a10 10 0 0 1 20 0v9z") + shape(GREY, "M4 27h28v6H4z") + line("#ffac33", "M18 2v2M5 7l2 2M31 7l-2 2", 3), "🔥": shape(ORANGE, "M18 1c2 7 12 11 12 21a12 12 0 0 1-24 0c0-6 4-8 5-13 2 2 3 4 3 6 3-4 5-8 4-14z") + shape(YELLOW, "M18 17c1 4 6 6 6 11a6 6 0 0 1-12 0c0-4 5-6 6-11z"),
  "🔔": bell, "🔕": bell + slash, "🔒": padlock("M11 17v-6a7 7 0 0 1 14 0v6"), "🔓": padlock("M11 17v-6a7 7 0 0 1 13-3"),
  "🔑": circle("#ffac33", 8, 11, 11) + circle(WHITE, 3, 10, 10) + line("#ffac33", "M16 16 31 31M25 25l4-4M29 29l3-3", 4),
  "▶": sign("M12 9v18l15-9z"), "⏸": sign("M10 9h6v18h-6zM20 9h6v18h-6z"), "⏹": sign("M10 10h16v16H10z"), "⏩": sign("M7 9v18l11-9zM18 9v18l11-9z"),
  "⏪": sign("M29 9v18l-11-9zM18 9v18L7 18z"), "⏭": sign("M8 9v18l12-9zM22 9h5v18h-5z"), "➡": sign(arrow.right), "⬅": sign(arrow.left), "⬆": sign(arrow.up), "⬇": sign(arrow.down),
  "🔁": turning("M9 17v-3a4 4 0 0 1 4-4h14M23 6l4 4-4 4M27 19v3a4 4 0 0 1-4 4H9M13 22l-4 4 4 4"), "🔄": turning("M27 16a10 10 0 0 0-18-3M9 8v5h5M9 20a10 10 0 0 0 18 3M27 28v-5h-5"),
  "🔃": turning("M12 27V10M7 15l5-5 5 5M24 9v17M19 21l5 5 5-5"), "⏳": hourglass("M12 9h12c-1 4-5 6-6 10 1 4 6 6 7 11H11c1-5 6-7 7-11-1-4-5-6-6-10z"), "⌛": hourglass("M11 30c0-4 5-7 7-7s7 3 7 7z"),
  "⏱": line(GREY, "M18 2v5M14 2h8") + circle(GREY, 14, 18, 21) + circle(WHITE, 11, 18, 21) + line(RED, "M18 21v-7", 3), "⏰": circle(RED, 6, 7, 8) + circle(RED, 6, 29, 8) + circle(RED, 15, 18, 20) + circle(WHITE, 11.5, 18, 20) + line(BLACK, "M18 13v7h5", 3),
  "📅": square(PALE) + shape(RED, "M3 7a4 4 0 0 1 4-4h22a4 4 0 0 1 4 4v6H3z") + line(GREY, "M10 20h3M17 20h3M24 20h2M10 27h3M17 27h3", 3), "👀": circle(GREY, 9, 9, 18) + circle(WHITE, 7.5, 9, 18) + circle(BLACK, 4, 11, 19) + circle(GREY, 9, 27, 18) + circle(WHITE, 7.5, 27, 18) + circle(BLACK, 4, 29, 19),
  "👋": hand("M8 17 5 11c-1-3 2-4 3-2l3 5-3-8c-1-3 3-4 4-1l3 8-1-9c0-3 4-3 4 0l1 9 2-7c1-3 4-2 4 1l-1 8c3-2 6-2 6 0l-5 8c-3 6-13 8-17-1z") + line(BLUE, "M3 22c0 4 2 8 5 10M29 3c2 1 4 3 4 6", 2.5),
  "👍": hand("M4 17h7v15H4zM12 18c5-3 5-8 5-14 5 0 6 5 4 11h9c4 0 4 5 2 6 2 2 1 5-1 5 1 2 0 4-2 5 0 2-1 3-4 3H16l-4-2z"), "👎": hand("M4 19h7V4H4zM12 18c5 3 5 8 5 14 5 0 6-5 4-11h9c4 0 4-5 2-6 2-2 1-5-1-5 1-2 0-4-2-5 0-2-1-3-4-3H16l-4 2z"),
  "🎉": shape("#ffac33", "M3 33 13 11l12 12z") + line(RED, "M18 12c1-4 0-6 2-9", 3) + line(BLUE, "M24 18c4-1 6 0 9-2", 3) + circle(GREEN, 2.5, 28, 8) + circle(PURPLE, 2, 12, 5) + circle(RED, 2, 31, 25) + line("#55acee", "M21 15l5-5", 3), "✨": shape("#ffac33", "M16 6c1.5 8 3 9.5 11 11-8 1.5-9.5 3-11 11-1.5-8-3-9.5-11-11 8-1.5 9.5-3 11-11zM28 2c.8 4 1 4.5 5 5-4 .8-4.5 1-5 5-.8-4-1-4.5-5-5 4-.8 4.5-1 5-5z"),
  "⭐": shape("#ffac33", "M18 2l5 11 11 1-8.5 8L28 34l-10-6-10 6 2.5-12L2 14l11-1z"), "⚡": shape("#ffac33", "M22 1 6 20h9l-3 15 18-21H20z"), "🌩": cloud("#99aab5") + shape("#ffac33", "M19 20l-8 10h6l-3 6 9-9h-6l5-7z"), "🌤": sun(14, 14, 10) + cloud("#d5dee5"), "☀": sun(18, 18, 10) + line("#ffac33", "M18 2v2M18 32v2M2 18h2M32 18h2M7 7l1 1M28 28l1 1M7 29l1-1M28 8l1-1", 3), "☁": cloud("#b8c5cf"),
  "🌙": shape("#ffd983", "M24 3A15.5 15.5 0 1 0 33 24 13 13 0 0 1 24 3z"),
  "🧪": line(GREY, "M11 4h14", 4) + shape("#bbddf5", "M12 5h12v22a6 6 0 0 1-12 0z") + shape(GREEN, "M12 17h12v10a6 6 0 0 1-12 0z"),
  "💡": circle("#ffd983", 11, 18, 14) + shape(GREY, "M13 25h10v5l-3 4h-4l-3-4z"),
  "🔧": wrench, "🛠": wrench + line(BROWN, "M8 10l20 20", 4) + shape(GREY, "M3 8l7-6 7 5-8 9z"), "⚙": line(GREY, "M18 3v30M3 18h30M7.5 7.500l21 21M28.5 7.500l-21 21", 5) + circle(GREY, 11) + circle(WHITE, 4.5),
  "🔍": loupe, "🔗": line(GREY, "M15 21 21 15M17 11l4-4c5-5 12 2 8 7l-4 4M19 25l-4 4c-5 5-12-2-8-7l4-4", 3.5), "📄": paper, "📝": paper + line(ORANGE, "M19 29 32 16"), "📋": square(BROWN, 4) + square(WHITE, 8, 1) + shape(GREY, "M12 2h12v7H12z") + line(GREY, "M12 16h12M12 22h8", 2.5), "📜": paper,
  "📈": chart(RED, "M9 25l7-7 4 3 9-12"), "📉": chart(BLUE, "M9 10l7 7 4-3 9 11"), "📊": square(PALE) + line(GREEN, "M11 28V17", 5) + line(RED, "M18 28V8", 5) + line(BLUE, "M25 28V13", 5), "💬": shape(GREY, "M4 4h28c2 0 2 1 2 3v15c0 2-1 3-3 3H18l-8 8v-8H5c-2 0-3-1-3-3V7c0-2 0-3 2-3z") + circle(WHITE, 2, 11, 15) + circle(WHITE, 2, 18, 15) + circle(WHITE, 2, 25, 15),
  "❤": heart(RED), "💚": heart(GREEN), "💙": heart(BLUE), "🙂": face(smile), "😄": face(smile), "😀": face(smile), "😕": face(line("#664500", "M12 25l12-2", 2.5)), "😞": face(line("#664500", "M11 26c4-4 10-4 14 0", 2.5)),
  "👤": circle(GREY, 8, 18, 11) + shape(GREY, "M3 34c0-9 6-13 15-13s15 4 15 13z"), "🧵": line(RED, "M11 9h14M11 15h14M11 21h14M11 27h14", 5) + line(BROWN, "M9 4h18M9 32h18", 4), "🚧": shape("#ffac33", "M2 9h32v12H2z") + line(BLACK, "M6 20 13 10M16 20 23 10M26 20 33 10", 3.5) + line(GREY, "M8 21v12M28 21v12", 3.5),
};
for (let hour = 1; hour <= 12; hour += 1) {
  ART[String.fromCodePoint(0x1f54f + hour)] = clock(hour);
  ART[String.fromCodePoint(0x1f55b + hour)] = clock(hour + 0.5);
}

/** The emoji that have a picture. */
export const DRAWN = Object.keys(ART);

/** The picture of an emoji as a CSS image, or null where none is drawn. */
export function picture(character) {
  const art = ART[character.replaceAll("\ufe0f", "")];
  if (!art) return null;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}">${art}</svg>`;
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
}
