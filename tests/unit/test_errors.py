from batchscope.errors import ConfigError, first_lines, suggestion


def test_what_was_probably_meant_is_suggested_or_what_is_known():
    assert suggestion("dens", ["Dense", "Conv1D"]) == "; did you mean 'Dense'?"
    assert suggestion("x", ["Dense", "Conv1D"]) == "; known: Conv1D, Dense"
    assert suggestion("x", []) == suggestion("x", map(str, range(1000))) == ""


def test_of_many_mistakes_the_first_are_told_and_how_many_more_there_are():
    mistakes = [f"studies.mine: mistake {number}" for number in range(8)]
    assert first_lines(ConfigError("", "\n".join(mistakes))).splitlines() == [*mistakes[:5], "and 3 more mistakes"]
    assert first_lines(ConfigError("", "\n".join(mistakes[:5]))).splitlines() == mistakes[:5]
