"""What a change means, for one entry, for many of them, and for the whole dataset.

entry        one entry told apart (boxes matched by `boxes`, other `fields`); `sentence` says it in one line
groups       the same change on many entries (`patterns`, `movements`, `moved_keys`)
label_counts, provenance, train_test, lookalike_labels: whole datasets, streamed by `sides`
results      the forms of what is said
"""
