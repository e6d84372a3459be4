"""The languages that flowbot speaks."""

EN, ZH = "en", "zh"
LANGUAGES = (EN, ZH)
