import socket
import ssl
import threading

import pytest

from infra.cloud.certificates import authority_of, new_certificate
from shared.runtime.postgres import verifying


@pytest.fixture
def serve(tmp_path):
    """Serves one TLS handshake with a certificate on this machine and returns the port."""
    threads = []

    def start(chain, key):
        (tmp_path / "chain.pem").write_text(chain)
        (tmp_path / "key.pem").write_text(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=answer, args=(listener, context))
        thread.start()
        threads.append(thread)
        return listener.getsockname()[1]

    yield start
    for thread in threads:
        thread.join(10)


def answer(listener, context):
    with listener:
        raw, _ = listener.accept()
        with raw:
            try:
                context.wrap_socket(raw, server_side=True).close()
            except ssl.SSLError:
                return


def shake_hands(port, authorities, name, *, host=True):
    context = verifying(str(authorities), host=host)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=name) as safe,
    ):
        return safe.version()


def test_whoever_trusts_the_authority_knows_the_pooler_by_its_address(serve, tmp_path):
    chain, key = new_certificate("127.0.0.1")
    (tmp_path / "ca.pem").write_text(authority_of(chain))
    assert shake_hands(serve(chain, key), tmp_path / "ca.pem", "127.0.0.1") == "TLSv1.3"


def test_a_pooler_at_another_address_is_refused(serve, tmp_path):
    chain, key = new_certificate("10.0.0.9")
    (tmp_path / "ca.pem").write_text(authority_of(chain))
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(serve(chain, key), tmp_path / "ca.pem", "127.0.0.1")


def test_where_the_authority_has_one_server_its_name_need_not_fit(serve, tmp_path):
    chain, key = new_certificate("10.0.0.9")
    (tmp_path / "ca.pem").write_text(authority_of(chain))
    assert shake_hands(serve(chain, key), tmp_path / "ca.pem", "127.0.0.1", host=False) == "TLSv1.3"


def test_another_authoritys_certificate_is_refused_all_the_same(serve, tmp_path):
    chain, key = new_certificate("127.0.0.1")
    (tmp_path / "ca.pem").write_text(authority_of(new_certificate("127.0.0.1")[0]))
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        shake_hands(serve(chain, key), tmp_path / "ca.pem", "127.0.0.1", host=False)


def test_the_authority_is_the_last_of_the_chain():
    chain, _ = new_certificate("10.0.0.9")
    assert chain.endswith(authority_of(chain))
    assert chain.count("BEGIN CERTIFICATE") == 2
