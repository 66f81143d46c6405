"""Ports for servers that tests start, also while other tests run beside them."""

import random
import socket
from contextlib import suppress


def free_ports(number: int) -> list[int]:
    """Choose ports on which nobody listens now, and which no outgoing connection is given while a server is down."""
    ports: list[int] = []
    while len(ports) < number:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.append(port)
    return ports
