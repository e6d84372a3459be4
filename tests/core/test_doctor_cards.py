"""What people see in Slack while the doctor tries it out."""

from incident_picture import as_sent

from bot.messages.cards import doctor as cards


def said(card):
    return as_sent(card)["blocks"][0]["text"]["text"]


def test_what_people_see_of_it():
    assert cards.passing("p1", edited=True).text.parts[:1] == (cards.passing("p1").text,)
    asked = as_sent(cards.please_press("p1", 60.0))
    assert asked["text"] == "This is a check. Please press the button."
    assert "within 1 min," in asked["blocks"][0]["text"]["text"]
    assert asked["blocks"][1]["elements"][0]["value"] == "1|p1|status"
    assert said(cards.pressed("U0MAYA00001")).startswith("<@U0MAYA00001> pressed the button")
    assert "No press" in said(cards.unpressed())
    assert "for `@channel &lt;x y&gt;`." in said(cards.not_now("<!channel> <x y>"))
    assert "for `show &lt;b&gt; of @maya`." in said(cards.not_now("show &lt;b&gt; of <@U0MAYA00001|maya>"))
    assert "Nothing was done." in said(cards.not_now(""))
