"""The least a function can be: it answers, and knows nothing."""

from flask import Request


def bare(_: Request) -> str:
    return "hello"
