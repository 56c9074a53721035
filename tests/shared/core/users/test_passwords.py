from shared.core.users.passwords import fits, hash_password


def test_only_the_password_itself_fits():
    kept = hash_password("correct horse battery")
    assert fits("correct horse battery", kept)
    assert not fits("correct horse batterx", kept)
    assert kept != hash_password("correct horse battery")


def test_nothing_fits_where_there_is_no_hash():
    assert not fits("correct horse battery", None)
    assert not fits("", None)
