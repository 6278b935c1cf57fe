import os

from batchscope.streams import silence


def test_what_is_said_in_silence_is_lost_and_what_is_said_after_it_is_not(capfd):
    with silence():
        os.write(2, b"compiled\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
