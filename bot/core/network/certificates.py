"""Certificates that are not trusted: which errors go away by themselves, and what to do about the others.

The numbers are OpenSSL's (https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/).
"""

from bot.core.text.message import Message, msg

NOT_YET_VALID, HAS_EXPIRED = 9, 10
EXPIRED = frozenset({NOT_YET_VALID, HAS_EXPIRED})  # its owner renews it, or a clock is set right


def way_out(setting: str) -> Message:
    """What to do where a certificate is not trusted; ``setting`` holds the address."""
    return msg(
        "Check {setting}. If it is right, a proxy of your company may decrypt the connection. "
        "Then set SSL_CERT_FILE to the file with the company's certificates.",
        setting=setting,
    )
