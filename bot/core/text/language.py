"""The languages that flowbot speaks, and which of them somebody reads who uses Slack in a given one."""

EN, ZH = "en", "zh"
LANGUAGES = (EN, ZH)


def language_of(locale: str) -> str:
    """The language for Slack's ``locale``, an IETF tag such as ``zh-CN``: English for what flowbot does not speak.

    All Chinese tags count as Simplified Chinese, which readers of Traditional Chinese (``zh-TW``) follow more easily
    than English. Source: users.info with ``include_locale``, docs.slack.dev (January 2026).
    """
    primary = locale.replace("_", "-").partition("-")[0].strip().casefold()
    return primary if primary in LANGUAGES else EN
