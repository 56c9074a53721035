"""A database that is not there, and what is told of those that are."""

from infra.local.postgres import free_port


def nowhere():
    return f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"


def states(answer):
    return {each["name"]: each["state"] for each in answer.json["components"]}
