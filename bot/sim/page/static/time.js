// Times as the viewer reads them: in the zone of the person acted as.

function format(seconds, zone, options, locale = "en-GB") {
  try {
    return new Intl.DateTimeFormat(locale, { timeZone: zone || "UTC", ...options }).format(new Date(seconds * 1000));
  } catch {
    return new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }).format(new Date(seconds * 1000));
  }
}

const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

export const clock = (seconds, zone) => format(seconds, zone, TIME);
export const clockWithSeconds = (seconds, zone) => format(seconds, zone, { ...TIME, second: "2-digit" });
export const dayKey = (seconds, zone) =>
  format(seconds, zone, { year: "numeric", month: "2-digit", day: "2-digit" }).split("/").reverse().join("-");
export const full = (seconds, zone) =>
  format(seconds, zone, { weekday: "long", day: "numeric", month: "long", year: "numeric", ...TIME, second: "2-digit" });

/** "Today", "Yesterday" or "Friday, 20 November" as of `now`. */
export function dayName(seconds, now, zone) {
  const key = dayKey(seconds, zone);
  if (key === dayKey(now, zone)) return "Today";
  if (key === dayKey(now - 86400, zone)) return "Yesterday";
  if (key === dayKey(now + 86400, zone)) return "Tomorrow";
  const year = key.slice(0, 4) === dayKey(now, zone).slice(0, 4) ? {} : { year: "numeric" };
  return format(seconds, zone, { weekday: "long", day: "numeric", month: "long", ...year });
}

/** "just now", "4 min ago", "3 h ago", "2 days ago", and the same ahead: "in 4 min". */
export function ago(seconds, now) {
  const span = Math.abs(now - seconds);
  if (span < 45) return "just now";
  const text =
    span < 5400 ? `${Math.round(span / 60)} min` : span < 129600 ? `${Math.round(span / 3600)} h` : `${Math.round(span / 86400)} days`;
  return seconds > now ? `in ${text}` : `${text} ago`;
}

const SHORT = { day: "numeric", month: "short", year: "numeric" };

const NEAR = {
  en: { Today: "today", Yesterday: "yesterday", Tomorrow: "tomorrow" },
  zh: { Today: "今天", Yesterday: "昨天", Tomorrow: "明天" },
};

/** Fill the tokens of `<!date^seconds^format^link|fallback>` for this zone, in the language of who reads it. */
export function slackDate(seconds, pattern, now, zone, locale = "") {
  const isChinese = locale.startsWith("zh");
  const told = (options) => format(seconds, zone, options, isChinese ? "zh-CN" : undefined);
  const near = (options, prefix) => {
    const name = dayName(seconds, now, zone);
    if (!(name in NEAR.en)) return told(options);
    return isChinese ? NEAR.zh[name] : prefix ? name : NEAR.en[name];
  };
  return pattern.replace(/\{(\w+)\}/g, (token, name, at) => {
    const first = at === 0;
    switch (name) {
      case "date_num": return dayKey(seconds, zone);
      case "date": return told({ day: "numeric", month: "long", year: "numeric" });
      case "date_short": return told(SHORT);
      case "date_long": return told({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
      case "date_pretty": return near({ day: "numeric", month: "long", year: "numeric" }, first);
      case "date_short_pretty": return near(SHORT, first);
      case "date_long_pretty": return near({ weekday: "long", day: "numeric", month: "long", year: "numeric" }, first);
      case "time": return clock(seconds, zone);
      case "time_secs": return clockWithSeconds(seconds, zone);
      case "ago": return ago(seconds, now);
      default: return token;
    }
  });
}
