"""mrkdwn, Block Kit, Markdown and dates as the visitor reads them."""

import re
from pathlib import Path

import pytest
from fake_control import button, mrkdwn, plain
from playwright.async_api import expect

import bot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DRAW = """async ([module, name, text]) => {
  const view = {people: new Map([["U1", {id: "U1", real_name: "Maya Chen"}]]), channels: new Map(), now: 1795241400,
                groups: new Map([["S1", "oncall"]]), me: {id: "U0", tz: "Europe/Berlin"}};
  const node = document.createElement("div");
  node.append(...(await import(module))[name](text, view));
  for (const item of node.querySelectorAll("[style]")) item.removeAttribute("style");
  return node.innerHTML;
}"""

NEW_TAB = 'target="_blank" rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~no~ `x*y*`", "<strong>bold</strong> <em>it</em> <s>no</s> <code>x*y*</code>"),
        ("*日报-华北* failed", '<strong lang="zh-CN">日报-华北</strong> failed'),
        ("*a _b_ c*", "<strong>a <em>b</em> c</strong>"),
        ("2*3*4 snake_case_name a ~ b", "2*3*4 snake_case_name a ~ b"),
        ("* no * and **", "* no * and **"),
        ("*over\nlines*", "*over<br>lines*"),
        ("a &lt;b&gt; &amp;amp;", "a &lt;b&gt; &amp;amp;"),
        ("&gt; quoted\n&gt; more\nafter", "<blockquote>quoted<br>more</blockquote>after"),
        ("> quoted", "<blockquote>quoted</blockquote>"),
        ("```\n*raw* &lt;b&gt;\n```", '<pre tabindex="0"><code>*raw* &lt;b&gt;</code></pre>'),
        ("a\n```x```\nb", 'a<pre tabindex="0"><code>x</code></pre>b'),
        ("<@U1>", '<span class="mention" title="Maya Chen" data-user="U1">@Maya Chen</span>'),
        ("<@U9|x>", '<span class="mention" title="U9" data-user="U9">@x</span>'),
        ("<!here>", '<span class="mention broadcast">@here</span>'),
        ("<!subteam^S1>", '<span class="mention">@oncall</span>'),
        ("<!subteam^S1|@people>", '<span class="mention">@people</span>'),
        ("<#C9|>", '<span class="mention plain">#private-channel</span>'),
        ("<https://a.b/?x=1&amp;y=2|here>", f'<a href="https://a.b/?x=1&amp;y=2" {NEW_TAB}>here</a>'),
        ("<https://a.b>", f'<a href="https://a.b/" {NEW_TAB}>https://a.b</a>'),
        ("<mailto:a@b.c|a@b.c>", f'<a href="mailto:a@b.c" {NEW_TAB}>a@b.c</a>'),
        ("<javascript:alert(1)|click>", "click"),
        ("<data:text/html,x>", "&lt;data:text/html,x&gt;"),
        ("<!unknown^x|label>", "label"),
        ("https://a.b is no link in verbatim", "https://a.b is no link in verbatim"),
        (
            ":tada: :no_such_name:",
            '<span class="emoji drawn" role="img" aria-label="tada" title=":tada:">🎉</span> :no_such_name:',
        ),
        ("12:30:45", "12:30:45"),
        ("a < b and c > d", "a &lt; b and c &gt; d"),
        ("", ""),
    ],
)
async def test_mrkdwn_is_drawn_as_slack_draws_it(library, text, html):
    assert await library.evaluate(DRAW, ["/mrkdwn.js", "mrkdwn", text]) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Head", '<p class="heading level1" role="heading" aria-level="3">Head</p>'),
        ("**bold** and *it* `x`", "<p><strong>bold</strong> and <em>it</em> <code>x</code></p>"),
        ("- one\n  - inner\n- two", "<ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>"),
        ("3. three\n4. four", '<ol start="3"><li>three</li><li>four</li></ol>'),
        ("```\n<b>\n```", '<pre tabindex="0"><code>&lt;b&gt;</code></pre>'),
        ("[evil](javascript:alert(1))", "<p><span>evil</span>)</p>"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
        ("a snake_case_name", "<p>a snake_case_name</p>"),
        ("> q\n\n---", "<blockquote>q</blockquote><hr>"),
    ],
)  # fmt: skip
async def test_markdown_is_drawn(library, text, html):
    assert await library.evaluate(DRAW, ["/markdown.js", "markdown", text]) == html


async def test_no_escaped_text_does_anything(library):
    """Law: whatever was typed, once escaped, gives no link, mention or date, and only harmless elements."""
    broken = await library.evaluate(
        """async () => {
          const {mrkdwn} = await import("/mrkdwn.js");
          const harmless = new Set(["STRONG", "EM", "S", "CODE", "PRE", "BLOCKQUOTE", "BR", "SPAN"]);
          const pieces = ["<", ">", "&", "!channel", "@U1", "|", "*", "_", "~", "`", "```", "\\n", " ", "a", "https:",
                          "//x.y", "!date^1^{time}^", "&lt;", ":", "tada", "> ", "^", "img src=x onerror=alert(1)"];
          const view = {people: new Map(), channels: new Map(), groups: new Map(), now: 0, me: {id: "U0", tz: "UTC"}};
          let seed = 7;
          const next = (most) => { seed = (seed * 48271) % 2147483647; return seed % most; };
          const names = {"&": "&amp;", "<": "&lt;", ">": "&gt;"};
          const escape = (text) => text.replace(/[&<>]/g, (letter) => names[letter]);
          for (let turn = 0; turn < 3000; turn += 1) {
            const text = Array.from({length: 1 + next(14)}, () => pieces[next(pieces.length)]).join("");
            const node = document.createElement("div");
            node.append(...mrkdwn(escape(text), view));
            const odd = [...node.querySelectorAll("*")].find((item) => !harmless.has(item.tagName));
            if (odd || node.querySelector(".mention, a, time, img")) return text;
            const marks = /[*_~`\\n> ]|:tada:|🎉/g;
            if (node.textContent.replace(marks, "") !== text.replace(marks, "")) return text;
          }
          return null;
        }"""
    )
    assert broken is None


def emoji_of_flowbot() -> list[str]:
    """Every emoji that stands in what the bot says."""
    program = Path(bot.__file__).parent
    said = [path for part in ("core", "messages", "work") for path in (program / part).rglob("*.py")]
    written = "".join(path.read_text(encoding="utf-8") for path in said)
    return sorted(set(re.findall("[\u23e9-\u23ff\u2600-\u27bf\u2b50\U0001f000-\U0001faff]", written)))


async def test_every_emoji_that_flowbot_says_is_drawn(library):
    """No font of the visitor's machine is needed to see whether something is green or red."""
    said = emoji_of_flowbot()
    assert {"🔴", "🟠", "🟢"} <= set(said)
    look = "said => import('/emoji_art.js').then(art => said.filter(one => !art.picture(one)))"
    assert await library.evaluate(look, said) == []


async def test_every_drawn_picture_can_be_shown(library):
    broken = await library.evaluate(
        """async () => {
          const {DRAWN, picture} = await import("/emoji_art.js");
          const broken = [];
          for (const one of DRAWN) {
            const image = new Image();
            image.src = picture(one).slice(5, -2);
            await image.decode().catch(() => broken.push(one));
          }
          return DRAWN.length > 50 ? broken : "too few";
        }"""
    )
    assert broken == []


async def test_an_emoji_is_a_picture_wherever_it_stands(visit, control):
    control.message(
        "",
        blocks=[
            {"type": "header", "text": plain("🔴 Head")},
            {"type": "section", "text": mrkdwn("*🟢 bold* :large_green_circle: ⚠️ ® 3️")},
            {"type": "markdown", "text": "- :white_check_mark: done\n- 🔒 locked"},
            {"type": "rich_text", "elements": [
                {"type": "rich_text_section", "elements": [
                    {"type": "text", "text": "⏸ paused "}, {"type": "emoji", "name": "eyes"},
                    {"type": "emoji", "name": "no_such_name"},
                ]},
            ]},
            {"type": "actions", "elements": [button("🔁 Rerun", "r")]},
        ],
        reactions=[{"name": "eyes", "users": [], "count": 1}],
    )  # fmt: skip
    page = (await visit()).page
    names = await page.locator(".message .emoji.drawn").evaluate_all("all => all.map(node => node.title)")
    assert names == [
        ":red_circle:",
        *(":large_green_circle:", ":large_green_circle:", ":warning:"),
        *(":white_check_mark:", ":lock:"),
        *(":double_vertical_bar:", ":eyes:"),
        ":repeat:",
        ":eyes:",
    ]
    await expect(page.locator(".block.header")).to_have_text("🔴 Head")
    await expect(page.locator(".rich")).to_have_text("⏸ paused 👀:no_such_name:")
    await expect(page.get_by_role("button", name="repeat Rerun")).to_be_visible()


@pytest.mark.parametrize(
    ("pattern", "zone", "shown"),
    [
        ("{date_num} {time_secs}", "Asia/Shanghai", "2026-11-21 14:10:00"),
        ("{date_short} {time}", "America/New_York", "21 Nov 2026 01:10"),
        ("{date_long_pretty} at {time}", "UTC", "Today at 06:10"),
        ("on {date_pretty}", "UTC", "on today"),
        ("{ago} {unknown}", "No/Zone", "just now {unknown}"),
    ],
)
async def test_dates_are_told_in_the_viewers_zone(library, pattern, zone, shown):
    asked = [1795241400, pattern, 1795241410, zone]
    assert await library.evaluate("async (asked) => (await import('/time.js')).slackDate(...asked)", asked) == shown


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [("{date_short_pretty} {time}", "今天 14:10"), ("{date_short}", "2026年11月21日")],
)
async def test_dates_are_told_in_the_viewers_language(library, pattern, shown):
    asked = [1795241400, pattern, 1795241410, "Asia/Shanghai", "zh-CN"]
    assert await library.evaluate("async (asked) => (await import('/time.js')).slackDate(...asked)", asked) == shown


async def test_every_block_of_flowbots_has_a_picture(visit, control):
    rows = [
        [{"type": "raw_text", "text": "Flow"}, {"type": "raw_text", "text": "Runs"}],
        [{"type": "raw_text", "text": "3377"}, {"type": "raw_text", "text": "2"}],
    ]
    words = [{"type": "text", "text": "ERROR <!channel>", "style": {"bold": True}}]
    control.message(
        "fallback",
        blocks=[
            {"type": "header", "text": plain("Head")},
            {"type": "section", "text": mrkdwn("*Text*"), "fields": [mrkdwn("*Run*\n1"), plain("two")]},
            {"type": "context", "elements": [
                mrkdwn("small `print`"), {"type": "image", "image_url": "https://x.y/z.png", "alt_text": "a chart"},
            ]},
            {"type": "divider"},
            {"type": "table", "rows": rows, "column_settings": [{}, {"align": "right"}]},
            {"type": "rich_text", "elements": [
                {"type": "rich_text_preformatted", "elements": words},
                {"type": "rich_text_list", "style": "ordered", "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0JONAS0001"}]},
                ]},
                {"type": "rich_text_quote", "elements": [
                    {"type": "emoji", "name": "tada"}, {"type": "broadcast", "range": "here"},
                ]},
            ]},
            {"type": "markdown", "text": "## Today\n- one"},
            {"type": "carousel"},
        ],
        attachments=[
            {"color": "#d0342c", "blocks": [{"type": "section", "text": mrkdwn("in a bar")}]},
            {"color": "good", "title": "old", "text": "style", "footer": "foot"},
        ],
    )  # fmt: skip
    page = (await visit()).page
    content = page.locator(".message .content")
    await expect(content.get_by_role("heading", name="Head")).to_be_visible()
    await expect(content.locator(".field")).to_have_text(["Run1", "two"])
    await expect(content.locator(".image-stand-in")).to_have_text("a chart")
    await expect(content.get_by_role("columnheader")).to_have_text(["Flow", "Runs"])
    await expect(content.get_by_role("cell", name="2", exact=True)).to_have_css("text-align", "right")
    await expect(content.locator("pre strong")).to_have_text("ERROR <!channel>")
    await expect(content.locator(".rich ol li")).to_have_text("@Jonas Weber")
    await expect(content.locator(".rich blockquote")).to_have_text("🎉@here")
    await expect(content.get_by_role("heading", name="Today")).to_be_visible()
    await expect(content.locator(".unknown")).to_have_text("This page cannot draw a “carousel” block.")
    await expect(content.locator(".attachment .bar").first).to_have_css("background-color", "rgb(208, 52, 44)")
    await expect(content.locator(".attachment-title")).to_have_text("old")
    await expect(content).not_to_contain_text("fallback")
