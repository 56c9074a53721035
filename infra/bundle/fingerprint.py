"""A name for what a file does: comments, docstrings and layout leave it as it is, whatever Python computes it."""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

# What the tree repeats, or holds for other tools.
UNSAID = {"ctx", "kind", "type_comment"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def digest(parts: Mapping[str, str | bytes]) -> str:
    """One name for several named parts."""
    whole = hashlib.sha256()
    for name, part in sorted(parts.items()):
        content = part.encode() if isinstance(part, str) else part
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def meaning(tree: ast.AST) -> str:
    """The digest of a parsed file without its docstrings.

    `ast.dump` would not do: it changes from one Python to the next.
    """
    words: list[str] = []
    tell(tree, words)
    return hashlib.sha256("".join(words).encode()).hexdigest()


def tell(value: Any, words: list[str]) -> None:
    """Put into words what a node, or a part of one, says."""
    if isinstance(value, ast.AST):
        words.append(f"({type(value).__name__}")
        for name, part in fields(value):
            words.append(f" {name}=")
            tell(part, words)
        words.append(")")
    elif isinstance(value, list):
        words.append("[")
        for each in value:
            tell(each, words)
            words.append(",")
        words.append("]")
    else:
        words.append(ascii(value))


def fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """What a node says; newer Pythons know fields that are empty where an older one has none."""
    for name, part in ast.iter_fields(node):
        value = undocumented(part) if name == "body" and isinstance(node, DOCUMENTED) else part
        if name not in UNSAID and value is not None and value != []:
            yield name, value


def undocumented(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_docstring else body
