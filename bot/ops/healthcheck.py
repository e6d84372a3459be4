"""The container's health check: asks ``/healthz`` over a bare socket, since it runs every half minute."""

import _socket
import os
import sys

_HERE = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}  # noqa: S104  not listened on: asked at loopback


def main() -> int:
    """0 when the process answers with 200, else 1."""
    host, _, port = os.environ.get("FLOWBOT_LISTEN", "127.0.0.1:8080").rpartition(":")
    host = _HERE.get(host, host).strip("[]")
    asking = _socket.socket(_socket.AF_INET6 if ":" in host else _socket.AF_INET, _socket.SOCK_STREAM)
    asking.settimeout(2)
    try:
        asking.connect((host, int(port)))
        asking.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        return 0 if b" 200 " in asking.recv(64) else 1
    except OSError:
        return 1
    finally:
        asking.close()


if __name__ == "__main__":
    sys.exit(main())
