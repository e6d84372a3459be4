"""Which proxy leads where, and what is no address of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.network.proxies import fault, is_loopback, no_proxy_fault, proxy_for, secrets

PROXIES = {"HTTPS_PROXY": "http://proxy:1", "http_proxy": "http://proxy:2", "NO_PROXY": "internal, .corp.example,*.lan"}


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://slack.com/api/", PROXIES, "http://proxy:1"),
        ("wss://wss-primary.slack.com/link", PROXIES, "http://proxy:1"),
        ("http://slack.example/", PROXIES, "http://proxy:2"),
        ("http://127.0.0.1:8650/api/", PROXIES, None),
        ("ws://127.8.9.1:8650/link", PROXIES, None),
        ("http://[::1]:8650/api/", PROXIES, None),
        ("http://localhost:8650/api/", PROXIES, None),
        ("http://slack.localhost/api/", PROXIES, None),
        ("https://internal/", PROXIES, None),
        ("https://a.corp.example/", PROXIES, None),
        ("https://corp.example/", PROXIES, None),
        ("https://notcorp.example/", PROXIES, "http://proxy:1"),
        ("https://box.lan/", PROXIES, None),
        ("https://slack.com/", {"all_proxy": "http://proxy:3"}, "http://proxy:3"),
        ("https://slack.com/", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "*"}, None),
        ("https://slack.com/", {"HTTPS_PROXY": "  "}, None),
        ("https://slack.com/", {"http_proxy": "http://proxy:2"}, None),
        ("https://slack.com/", {"https_proxy": "http://small:1", "HTTPS_PROXY": "http://large:1"}, "http://small:1"),
        *[
            (url, {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": names}, None if exempt else "http://proxy:1")
            for url, names, exempt in (
                ("https://10.1.2.3/", "10.0.0.0/8", True),
                ("https://11.1.2.3/", "10.0.0.0/8", False),
                ("https://10.1.2.3/", "10.1.2.3", True),
                ("https://[fd00::7]/", "fd00::/8", True),
                ("https://[fd00::7]:8443/", "[fd00::7]:8443", True),
                ("https://enos.example/", "enos.example:443", True),
                ("https://enos.example:8443/", "enos.example:443", False),
                ("https://enos.example/", "other  ENOS.example", True),
                ("https://enos.example/", "a,*", True),
                ("https://enos.example/", ".,,", False),
                ("https://enos.example/", "10.0.0.0/8", False),
                ("https://enos.example:bad/", "enos.example", True),
            )
        ],
        ("https://slack.com/", {}, None),
        ("slack.com", {"HTTPS_PROXY": "http://proxy:1"}, "http://proxy:1"),
    ],
)
def test_the_proxy_of_an_address(url, environment, proxy):
    assert proxy_for(url, environment) == proxy


def test_this_machine_is_known_by_its_names():
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "10.0.0.1", "example.com", "")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "proxy",
    [
        "http://proxy:3128",
        "HTTP://proxy.corp.example",
        "http://proxy:3128/",
        "https://proxy.corp.example:443",
        "http://127.0.0.1:8080",
        "http://[::1]:3128",
        "http://maya:p%40ss%3A%2F%23@proxy:3128",
        "http://maya@proxy:3128",
        "http://maya:@proxy:3128",
        "http://proxy_1.corp:65535",
    ],
)
def test_what_is_a_proxy(proxy):
    assert fault("HTTPS_PROXY", proxy) == ""


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("proxy:3128", "does not begin with http:// or https://"),
        ("maya:hush-hush@proxy:3128", "does not begin with"),
        ("//proxy:3128", "does not begin with"),
        ("socks5://proxy:1080", "other kinds of proxy"),
        ("socks5h://maya:hush-hush@proxy:1080", "other kinds of proxy"),
        ("ftp://proxy", "other kinds of proxy"),
        ("://proxy", "must begin with"),
        ("http://", "has no host"),
        ("http://:3128", "has no host"),
        ("http://[]:3128", "has no host"),
        ("http://[proxy]:3128", "has no host"),
        ("http://proxy:", "is not the address"),
        ("http://proxy:port", "is not the address"),
        ("http://proxy:0", "is not the address"),
        ("http://proxy:65536", "is not the address"),
        ("http://proxy:3128/path", "is not the address"),
        ("http://proxy:3128?x", "is not the address"),
        ("http://::1:3128", "is not the address"),
        ("http:///proxy:3128", "is not the address"),
        ("http://maya:hush/hush@proxy:3128", "write @ as %40"),
        ("http://maya:hush#hush@proxy:3128", "can't tell apart"),
        ("http://maya:hush@hush@proxy:3128", "can't tell apart"),
        ("http://maya:hush:hush@proxy:3128", "can't tell apart"),
        ("http://ma%3Aya:hush-hush@proxy:3128", "can't tell apart"),
        ("http://:hush-hush@proxy:3128", "can't tell apart"),
        ("http://maya:hush%hush@proxy:3128", "without two hexadecimal digits"),
        ("http://maya:hush%C3%BChush@proxy:3128", "Only ASCII characters"),
        ("http://maya:hush%0D%0Ahush@proxy:3128", "Only ASCII characters"),
        ("http://maya:hushühush@proxy:3128", "not ASCII"),
        ("http://proxy :3128", "contains a space"),
        ("http://proxy\n:3128", "contains a space"),
    ],
)
def test_what_is_none_is_said_without_repeating_it(proxy, says):
    assert fault("HTTPS_PROXY", proxy).startswith("HTTPS_PROXY ")
    assert says in fault("HTTPS_PROXY", proxy)
    assert "hush" not in fault("HTTPS_PROXY", proxy)
    assert "maya" not in fault("HTTPS_PROXY", proxy)


@given(some.text(max_size=40))
def test_any_text_is_a_proxy_or_none(text):
    assert isinstance(fault("HTTPS_PROXY", text), str)
    assert isinstance(fault("HTTPS_PROXY", f"http://{text}"), str)
    assert isinstance(no_proxy_fault("NO_PROXY", text), str)


@pytest.mark.parametrize(
    ("proxy", "hidden"),
    [
        ("http://proxy:3128", ()),
        ("http://maya@proxy:3128", ()),
        ("http://maya:p%40ss@proxy:3128", ("maya:p%40ss@", "p%40ss", "p@ss")),
        ("socks5://maya:hush@hush@proxy", ("maya:hush@hush@", "hush@hush", "hush@hush")),
    ],
)
def test_the_password_is_what_no_log_may_show(proxy, hidden):
    assert secrets(proxy) == hidden


@pytest.mark.parametrize(
    "names", ["", "*", "localhost,127.0.0.1", ".corp.example *.lan", "10.0.0.0/8,fd00::/8", "[::1]:80"]
)
def test_what_may_be_exempt(names):
    assert no_proxy_fault("NO_PROXY", names) == ""


@pytest.mark.parametrize("name", ["https://slack.com", "10.0.0.0/99", "corp.example/path"])
def test_what_is_never_exempt_is_named(name):
    assert no_proxy_fault("NO_PROXY", f"localhost,{name}").startswith(f"NO_PROXY contains {name}, which is not a host")
