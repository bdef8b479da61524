"""Settings of Hypothesis: the same examples in every CI run, fresh ones on people's machines; no timing is asserted."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")
