from shared.runtime.settings import settings
from tests.support.environment import environment


def test_settings_come_from_the_environment_and_an_empty_one_is_none():
    with environment({"TOKEN_ISSUER": "", "GOOGLE_PROJECT": "ours", "ALLOWED_HOSTS": "a:1, b:2,,"}):
        assert settings().token_issuer == "https://issuer.ventros.local"
        assert settings().google_project == "ours"
        assert settings().allowed_addresses == {"a:1", "b:2"}


def test_settings_are_read_once():
    assert settings() is settings()


def test_a_secret_is_read_from_the_file_that_is_mounted_for_it(tmp_path):
    (tmp_path / "value").write_text("postgresql://ventros_app@pooler/ventros\n")
    with environment({"DATABASE_URL": "", "DATABASE_URL_FILE": str(tmp_path / "value")}):
        assert settings().database_url == "postgresql://ventros_app@pooler/ventros"
