"""The review: what a change of labels means, as one plan object from which every view is made.

`model` is the object (and, encoded, the JSON document); `build` makes it from ledgers and plans. Pure: no clock, disk
or network.
"""
