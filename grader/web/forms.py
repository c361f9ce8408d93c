"""Forms of the pages, validated before anything is done with them."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange


class SignInForm(FlaskForm):  # type: ignore[misc]
    email = StringField(validators=[InputRequired("Type your e-mail address."), Length(max=254)])
    password = StringField(validators=[InputRequired("Type your password."), Length(max=1024)])
    next = HiddenField()


class RerunForm(FlaskForm):  # type: ignore[misc]
    """Grading many submissions again; `expected` is the number that the person agreed to."""

    expected = IntegerField(validators=[InputRequired(), NumberRange(min=0)])
    reason = StringField(
        validators=[
            InputRequired("Say in a few words why: it is kept in the audit log."),
            Length(max=500, message="At most 500 characters."),
        ]
    )
