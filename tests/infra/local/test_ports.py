import socket

from infra.local import ports


def test_ports_are_kept(tmp_path):
    first = ports.choose_ports(tmp_path / "ports.json", ("a", "b"))
    assert len(set(first.values())) == 2
    assert ports.choose_ports(tmp_path / "ports.json", ("b", "a")) == first


def test_one_that_another_program_has_taken_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(ports, "LEFTOVER_SECONDS", 0.1)
    first = ports.choose_ports(tmp_path / "ports.json", ("a", "b"))
    with socket.create_server(("127.0.0.1", first["a"])):
        assert ports.listens(first["a"])
        second = ports.choose_ports(tmp_path / "ports.json", ("a", "b"))
    assert second["a"] != first["a"]
    assert second["b"] == first["b"]
    assert not ports.listens(first["a"])
