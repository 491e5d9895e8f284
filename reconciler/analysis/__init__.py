"""What a change means, for one entry, for many of them, and for the whole dataset.

entry      one entry in detail (boxes matched by `boxes`, other `fields`), and in one sentence
groups     the same change on many entries (`patterns`, `movements`)
labels, provenance, train_test: whole datasets, streamed by `sides`
results    the forms of the results
"""
