"""Functions that answer with what they were sent, for the tests of the front."""

from flask import Request


def get_thing(request: Request):
    return _echo("get_thing", request)


def search_things(request: Request):
    return _echo("search_things", request)


def answer_preflight(request: Request):
    return _echo("answer_preflight", request)


def consume_thing(request: Request):
    return _echo("consume_thing", request)


def _echo(name, request):
    return {"function": name, "path": request.path, "headers": dict(request.headers)}
