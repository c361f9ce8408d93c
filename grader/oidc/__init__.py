"""Single sign-on by OpenID Connect: people sign in at their university, and come back as who they are here."""
