"""FAB's model interface with the house's money: its own form field and its own filters."""

from typing import Any

from flask_appbuilder.forms import FieldConverter
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.models.sqla.filters import SQLAFilterConverter, get_field_setup_query
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext as _l
from sqlalchemy import false

from app.core.errors import Refused
from app.core.money import Money, parse_amount
from app.web.forms import MoneyField


class _MoneyFilter(BaseFilter):
    """Compare an amount with one typed in taka; what is no amount finds nothing."""

    def apply(self, query: Any, value: Any) -> Any:
        """Narrow the query to the rows that compare."""
        query, field = get_field_setup_query(query, self.model, self.column_name)
        try:
            paisa = parse_amount(str(value), allow_zero=True)
        except Refused:
            return query.filter(false())
        return query.filter(self.compare(field, paisa))

    def compare(self, field: Any, paisa: int) -> Any:
        """Return the comparison of a column with an amount in paisa."""
        raise NotImplementedError


class FilterMoneyEqual(_MoneyFilter):
    """The amount itself."""

    name = _l("Equal to")
    arg_name = "money_eq"

    def compare(self, field: Any, paisa: int) -> Any:
        """Compare for equality."""
        return field == paisa


class FilterMoneyGreater(_MoneyFilter):
    """More than an amount."""

    name = _l("Greater than")
    arg_name = "money_gt"

    def compare(self, field: Any, paisa: int) -> Any:
        """Compare for more."""
        return field > paisa


class FilterMoneySmaller(_MoneyFilter):
    """Less than an amount."""

    name = _l("Smaller than")
    arg_name = "money_lt"

    def compare(self, field: Any, paisa: int) -> Any:
        """Compare for less."""
        return field < paisa


class FilterConverter(SQLAFilterConverter):
    """FAB's filters by column type, money first: to FAB it would be an integer."""

    conversion_table = (
        ("is_money", [FilterMoneyEqual, FilterMoneyGreater, FilterMoneySmaller]),
        *SQLAFilterConverter.conversion_table,
    )


class AppInterface(SQLAInterface):
    """FAB's interface to a model, knowing money."""

    filter_converter_class = FilterConverter

    def is_money(self, col_name: str) -> bool:
        """Tell whether a column holds paisa."""
        column = self.list_columns.get(col_name)
        return column is not None and isinstance(column.type, Money)


class MoneyFormField(MoneyField):
    """The money field as FAB's form generator builds it."""

    def __init__(
        self, label: Any = None, validators: Any = None, widget: Any = None, default: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(label, **kwargs)


# FAB's generator knows no place to add a field type; it asks the datamodel, and every datamodel of the house is an AppInterface
FieldConverter.conversion_table = (("is_money", MoneyFormField, None), *FieldConverter.conversion_table)
