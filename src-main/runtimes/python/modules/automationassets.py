"""The assets of the automation account, for a runbook that runs on a hybrid worker.

Its sandbox answers, over a Unix socket or a named pipe whose address and key stand in the environment of this job's processes.
One connection a call; both ends prove that they know the key before either says anything (HMAC-SHA-256 over two nonces).
"""
import base64
import hashlib
import hmac
import json
import os
import secrets
import socket

__all__ = [
    "AutomationAssetNotFound",
    "get_automation_certificate",
    "get_automation_connection",
    "get_automation_credential",
    "get_automation_variable",
    "set_automation_variable",
]


class AutomationAssetNotFound(Exception):
    """The account has no asset of that kind and name."""


def get_automation_variable(name):
    """The value of a variable: text, number, truth value, list, dict or None. Encrypted or not."""
    return _typed(_ask("assets:get-variable", {"name": name}, "The variable " + name))


def set_automation_variable(name, value):
    """Gives a variable another value. The variable must exist; an encrypted one stays encrypted."""
    _ask("assets:set-variable", {"name": name, "value": json.dumps(value)}, "The variable " + name)


def get_automation_credential(name):
    """A dict with `username` and `password`."""
    found = _ask("assets:get-credential", {"name": name}, "The credential " + name)
    return {"username": _decoded(found["userName"]), "password": _decoded(found["password"])}


def get_automation_connection(name):
    """A dict of the connection's fields."""
    found = _ask("assets:get-connection", {"name": name}, "The connection " + name)
    return {_decoded(field["name"]): _typed(field) for field in found["fields"]}


def get_automation_certificate(name):
    """The certificate's file as bytes, with its private key where it has one."""
    return base64.b64decode(_ask("assets:get-certificate", {"name": name}, "The certificate " + name)["value"])


def _typed(value):
    if value["kind"] == "null":
        return None
    text = _decoded(value["text"])
    return json.loads(text) if value["kind"] == "json" else text


def _decoded(text):
    return base64.b64decode(text).decode("utf-8")


def _ask(call, arguments, what):
    answer = _call(call, arguments)
    if answer["ok"]:
        return answer["value"]
    problem = answer["problem"]
    message = "{}: {}. {}".format(what, problem["title"], problem["text"])
    if problem["code"] == "resource-unknown":
        raise AutomationAssetNotFound(message)
    raise RuntimeError(message)


def _call(call, arguments):
    address, key = os.environ.get("AUTOMATION_ASSET_ENDPOINT"), os.environ.get("AUTOMATION_ASSET_KEY")
    if not address or not key:
        raise RuntimeError(
            "Assets can be had by a job on a hybrid worker only: "
            "AUTOMATION_ASSET_ENDPOINT and AUTOMATION_ASSET_KEY are not in this environment."
        )
    with _open(address) as stream:
        hello = _read(stream)
        nonce = secrets.token_hex(32)
        _write(stream, {"role": "runtime", "nonce": nonce, "proof": _proof(key, "client", hello["nonce"], nonce)})
        if not hmac.compare_digest(_read(stream).get("proof", ""), _proof(key, "server", nonce, hello["nonce"])):
            raise RuntimeError("What listens for this job is not its sandbox, or this job has ended.")
        _write(stream, {"id": 1, "call": call, "arguments": arguments})
        return _read(stream)["answer"]


def _open(address):
    if address.startswith("\\\\.\\pipe\\"):
        return open(address, "r+b", buffering=0)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with connection:
        connection.connect(address)
        # Keeps the connection open until it is closed itself.
        return connection.makefile("rwb", buffering=0)


def _proof(key, side, peer_nonce, own_nonce):
    words = "|".join((side, peer_nonce, own_nonce, "runtime"))
    return hmac.new(bytes.fromhex(key), words.encode(), hashlib.sha256).hexdigest()


def _read(stream):
    pieces = []
    while not pieces or not pieces[-1].endswith(b"\n"):
        piece = stream.read(65536)
        if not piece:
            raise RuntimeError("The sandbox ended the connection: the job is being ended.")
        pieces.append(piece)
    return json.loads(b"".join(pieces).decode("utf-8"))


def _write(stream, message):
    rest = json.dumps(message).encode("utf-8") + b"\n"
    while rest:
        rest = rest[stream.write(rest):]
