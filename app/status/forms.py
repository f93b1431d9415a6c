"""Forms of incidents and components."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from app.status.models import Progress, State
from app.status.queries import components
from app.status.shown import PROGRESS, STATES, name_of
from app.web.forms import ChoiceField, HouseForm, TextField, row_id

IMPACTS = [(state.value, STATES[state].label) for state in (State.IMPAIRED, State.DOWN, State.MAINTENANCE)]


class WordsForm(HouseForm):
    """What is said to the public, in both languages."""

    said = TextAreaField(_l("What customers should know, in English"))
    said_bn = TextAreaField(_l("What customers should know, in Bengali"))

    def words(self) -> dict[str, str]:
        """Return what was typed."""
        return {"said": self.said.data or "", "said_bn": self.said_bn.data or ""}


class IncidentForm(WordsForm):
    """A new incident."""

    title = TextField(_l("In a few words, in English"), required=True)
    title_bn = TextField(_l("In a few words, in Bengali"))
    impact = ChoiceField(_l("How bad is it?"), choices=IMPACTS)
    component_ids = SelectMultipleField(
        _l("What is affected?"),
        coerce=row_id,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        validate_choice=False,
    )

    groups = (
        {"title": _l("Incident"), "fields": ["title", "title_bn", "impact", "component_ids"]},
        {"title": _l("First words"), "fields": ["said_bn", "said"]},
    )

    def offer(self) -> "IncidentForm":
        """Offer the provider's components."""
        self.component_ids.choices = [(component.id, name_of(component)) for component in components()]
        return self


class UpdateForm(WordsForm):
    """Another word about an incident."""

    progress = ChoiceField(_l("How far is it?"), choices=[(one.value, PROGRESS[one].label) for one in Progress])

    groups: Any = ({"title": "", "fields": ["progress", "said_bn", "said"]},)


class ComponentForm(HouseForm):
    """A component that the provider names."""

    name = TextField(_l("Name in English"), required=True)
    name_bn = TextField(_l("Name in Bengali"))


class ComponentStateForm(ComponentForm):
    """How a component stands, set by hand."""

    state = ChoiceField(_l("State"), choices=[(one.value, STATES[one].label) for one in State])
