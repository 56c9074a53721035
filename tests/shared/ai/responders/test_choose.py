import subprocess
import sys

import pytest

from shared.ai.responders.base import ResponderError
from shared.ai.responders.choose import responder_for
from shared.ai.responders.gemini import GeminiResponder
from shared.ai.responders.rules import RulesResponder


def test_each_name_has_its_responder():
    assert isinstance(responder_for("rules"), RulesResponder)
    assert isinstance(responder_for("gemini"), GeminiResponder)


def test_an_unknown_name_is_refused():
    with pytest.raises(ResponderError, match="oracle"):
        responder_for("oracle")


def test_nothing_of_google_is_imported_before_gemini_is_asked():
    code = (
        "import sys; from shared.ai.responders import choose, config; choose.responder_for('gemini');"
        "sys.exit('google.genai' in sys.modules or 'google.auth' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
