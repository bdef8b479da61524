"""One module for each kind of outbox row: what is done outside, only because a commit wants it."""
