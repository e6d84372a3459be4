// The emoji that a bot's words use, by Slack's names.

const NAMES = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", negative_squared_cross_mark: "❎",
  warning: "⚠️", rotating_light: "🚨", fire: "🔥", boom: "💥", bell: "🔔", no_bell: "🔕", mute: "🔇", loudspeaker: "📢",
  mega: "📣", red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢",
  large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", large_green_square: "🟩", large_red_square: "🟥",
  large_yellow_square: "🟨", large_orange_square: "🟧", white_large_square: "⬜", black_large_square: "⬛",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", alarm_clock: "⏰", clock1: "🕐", calendar: "📅", date: "📅",
  repeat: "🔁", arrows_counterclockwise: "🔄", arrows_clockwise: "🔃", arrow_forward: "▶️", arrow_right: "➡️",
  arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", double_vertical_bar: "⏸️", black_square_for_stop: "⏹️",
  fast_forward: "⏩", rewind: "⏪", eyes: "👀", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", wave: "👋",
  raised_hands: "🙌", pray: "🙏", clap: "👏", muscle: "💪", tada: "🎉", sparkles: "✨", star: "⭐", zap: "⚡", bulb: "💡",
  wrench: "🔧", hammer_and_wrench: "🛠️", gear: "⚙️", package: "📦", rocket: "🚀", construction: "🚧", mag: "🔍", link: "🔗",
  lock: "🔒", unlock: "🔓", key: "🔑", shield: "🛡️", page_facing_up: "📄", scroll: "📜", clipboard: "📋", memo: "📝",
  pencil: "📝", pencil2: "✏️", bookmark: "🔖", bar_chart: "📊", chart_with_upwards_trend: "📈",
  chart_with_downwards_trend: "📉", inbox_tray: "📥", outbox_tray: "📤", speech_balloon: "💬", thought_balloon: "💭",
  zzz: "💤", sleeping: "😴", sunny: "☀️", sunrise: "🌅", cloud: "☁️", robot_face: "🤖", information_source: "ℹ️",
  question: "❓", grey_question: "❔", exclamation: "❗", heavy_exclamation_mark: "❗", no_entry: "⛔", no_entry_sign: "🚫",
  stop_sign: "🛑", octagonal_sign: "🛑", skull: "💀", bug: "🐛", ambulance: "🚑", sos: "🆘", recycle: "♻️",
  smile: "😄", slightly_smiling_face: "🙂", grinning: "😀", thinking_face: "🤔", sweat_smile: "😅", joy: "😂", heart: "❤️",
  green_heart: "💚", blue_heart: "💙", cry: "😢", disappointed: "😞", confused: "😕", bust_in_silhouette: "👤",
  busts_in_silhouette: "👥", pager: "📟", satellite_antenna: "📡", electric_plug: "🔌", house: "🏠", round_pushpin: "📍",
  pushpin: "📌", label: "🏷️", left_speech_bubble: "🗨️", thread: "🧵", test_tube: "🧪", drum_with_drumsticks: "🥁",
};

/** The character of a short name (skin tones ignored), or null where the name is not known here. */
export function emoji(name) {
  return NAMES[name.split("::")[0]] ?? null;
}
