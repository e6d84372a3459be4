"""What people see in Slack while the doctor tries it out."""

from incident_picture import as_sent

from bot.messages.cards import doctor as cards


def test_what_people_see_of_it():
    assert cards.passing("p1", edited=True).text.parts[:1] == (cards.passing("p1").text,)
    asked = as_sent(cards.please_press("p1", 60.0))
    assert "within 1 min," in asked["text"]
    assert asked["blocks"][1]["elements"][0]["value"] == "1|p1|status"
    assert as_sent(cards.pressed("U0MAYA00001"))["text"].startswith("<@U0MAYA00001> pressed the button")
    assert "No press" in as_sent(cards.unpressed())["text"]
    assert "for `@channel &lt;x y&gt;`." in as_sent(cards.not_now("<!channel> <x y>"))["text"]
    assert "for `show &lt;b&gt; of @maya`." in as_sent(cards.not_now("show &lt;b&gt; of <@U0MAYA00001|maya>"))["text"]
    assert "Nothing was done." in as_sent(cards.not_now(""))["text"]
