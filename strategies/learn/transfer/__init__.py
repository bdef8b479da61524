"""Transfer: what an earlier campaign says of the same property, used as far as it predicts this one.

A registry of methods (`registry.py`), each a function from a source and the own values to a process of the own
property; `sources.py` collects what a source measured, `guard.py` judges each source by its predictions, `average.py`
weighs the models by that, and `models.py` puts them together.
"""
