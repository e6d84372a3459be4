"""Which form has which name; the names are in ``core/forms/names.py``."""

from collections.abc import Mapping

from bot.work.forms import incident_forms, link_form, trigger_form
from bot.work.forms.form import Form

FORMS: Mapping[str, Form] = {each.name: each for each in (*incident_forms.FORMS, link_form.FORM, trigger_form.FORM)}
