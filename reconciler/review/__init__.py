"""The review: what a change of labels means, as one object from which every view is made.

`model` is the object and its JSON document; `build` makes it from ledgers and plans.
"""
