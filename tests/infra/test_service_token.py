from infra import cli
from shared.runtime.services import service_of
from tests.support.environment import environment


def test_the_command_makes_a_token_that_is_known(capsys):
    assert cli.main(["service-token", "prometheus", "--days", "3"]) == 0
    token = capsys.readouterr().out.strip()
    assert service_of({"X-Forwarded-Authorization": f"Bearer {token}"}.get) == "service:prometheus"


def test_it_says_what_is_wrong(capsys):
    assert cli.main(["service-token", "Prometheus!"]) == 2
    assert "small letters" in capsys.readouterr().err
    assert cli.main(["service-token", "prometheus", "--days", "400"]) == 2
    assert "31 days at most" in capsys.readouterr().err
    with environment({"TOKEN_SIGNING_KEY": ""}):
        assert cli.main(["service-token", "prometheus"]) == 2
    assert "TOKEN_SIGNING_KEY" in capsys.readouterr().err
