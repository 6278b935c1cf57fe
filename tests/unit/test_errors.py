from batchscope.errors import suggestion


def test_what_was_probably_meant_is_suggested_or_what_is_known():
    assert suggestion("dens", ["Dense", "Conv1D"]) == "; did you mean 'Dense'?"
    assert suggestion("x", ["Dense", "Conv1D"]) == "; known: Conv1D, Dense"
    assert suggestion("x", []) == suggestion("x", map(str, range(1000))) == ""
