"""A grammar of a few words, whose verbs agree with a noun that stands far before them."""

GRAMMAR = """
feature number = singular plural
cue Noun
construction verb = Verb
Sentence
    the Noun[number] Places Verb[number]
Places
    3 (nothing) | 4 near it Places | 1 here among them Places
Noun[singular]
    boy | dog
Noun[plural]
    boys | dogs
Verb[singular]
    runs
Verb[plural]
    run
"""
