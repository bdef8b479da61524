"""Who may do what: users, roles, tokens and the limits of the site."""
