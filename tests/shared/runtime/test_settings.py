from shared.runtime.settings import settings
from tests.support.environment import environment


def test_settings_come_from_the_environment_and_an_empty_one_is_none():
    with environment({"TOKEN_ISSUER": "", "GOOGLE_PROJECT": "ours", "ALLOWED_HOSTS": "a:1, b:2,,"}):
        assert settings().token_issuer == "https://issuer.ventros.local"
        assert settings().google_project == "ours"
        assert settings().allowed_addresses == {"a:1", "b:2"}


def test_settings_are_read_once():
    assert settings() is settings()
