"""Which language somebody reads, by the locale that Slack names."""

import pytest

from bot.core.text.language import EN, LANGUAGES, ZH, language_of


@pytest.mark.parametrize("locale", ["zh-CN", "zh-TW", "zh-HK", "zh-Hans-CN", "zh_CN", "ZH-cn", "zh", " zh-CN "])
def test_every_chinese_is_chinese(locale):
    assert language_of(locale) == ZH


@pytest.mark.parametrize(
    "locale", ["en-US", "en-GB", "en", "de-DE", "ja-JP", "zhuang", "", "-", "-zh", "中文", "en-ZH"]
)
def test_everything_else_is_english(locale):
    assert language_of(locale) == EN


def test_the_languages_are_those_of_the_setting():
    assert LANGUAGES == (EN, ZH) == ("en", "zh")
