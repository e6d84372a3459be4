import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.flow.model import InstanceId, Search
from bot.enos import calls
from bot.enos.calls import Actor, Call, encryption, signature

KEY = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"
SECRET = "f0e1d2c3-b4a5-4968-8776-655443322110"
TOKEN = "APIM-TOKEN-EXAMPLE-0001"
BY = Actor("u15432100000000001", "o15000000000001")


@pytest.mark.parametrize(
    ("at", "digest"),
    [
        (1700000000000, "46bd3c0304f31fb60924c93701de3a448b54336199d44a550297658b025cb11c"),
        (1700000000001, "ac757be42729967002b61881ec8541ee0d94bf4f7e2cea8dff8c9bb468171840"),
    ],
    ids=["example a", "example a, a millisecond later"],
)
def test_the_token_request_is_proved_as_in_the_worked_example(at, digest):
    assert encryption(KEY, at, SECRET) == digest


def test_a_get_is_signed_as_in_example_b():
    call = calls.get_instance(InstanceId("2809-20190808093200"), BY)
    digest = "0177e6548dd88e94841d472c722fec1b1fc773d252003dcffad4375685feb9a1"
    assert signature(TOKEN, call.query, call.body, 1700000001234, SECRET) == digest


def test_a_post_is_signed_with_its_exact_body_as_in_example_c():
    terms = Search(kind=1, since=1699920000000, until=1700006400000, statuses=(2, -1))
    call = calls.search_instances(terms, 1, "start_time", BY)
    assert call.body == (
        b'{"type":1,"expression":"","owner":"","fromTriggerTime":1699920000000,"toTriggerTime":1700006400000,'
        b'"status":"2,-1","pagination":{"pageNo":1,"pageSize":50,"sorters":[{"field":"start_time","order":"DESC"}]}}'
    )
    assert len(call.body) == 205
    digest = "7186f448c56543aed3131b823089e8d6aeb87b2cc26a7ac90eb1211c2b6508e8"
    assert signature(TOKEN, call.query, call.body, 1700000002345, SECRET) == digest


def test_a_value_that_needs_encoding_is_signed_decoded_as_in_example_d():
    call = calls.get_my_flows("日报 A+B/1", BY)
    assert call.target == (
        "/batch-processing-service/v2.1/flows?action=getMyFlow&expression=%E6%97%A5%E6%8A%A5%20A%2BB%2F1&userId=u15432100000000001&orgId=o15000000000001"
    )
    digest = "d450e266cea91b9e441489303a88b41d7a6928542694923376c143fd67f3a40c"
    assert signature(TOKEN, call.query, None, 1700000003456, SECRET) == digest


def test_an_empty_value_contributes_its_name_as_in_example_e():
    query = (*calls.get_log("105007-20190812013400", BY).query, ("maxLength", ""))
    digest = "82b32b4a349cd54f3d866ebc81d5ce23d45c308787dbe8e2cca1ae17eeaef12b"
    assert signature(TOKEN, query, None, 1700000003456, SECRET) == digest


def test_a_call_without_a_user_is_signed_as_in_example_f():
    call = calls.get_time_zone()
    digest = "4814febd52259b52d2758c9100e27ce4a962d6eee2d9c2a9c88edd341295aa5a"
    assert signature(TOKEN, call.query, None, 1700000003456, SECRET) == digest


VENDOR = (("k3", "v3"), ("k1", "v1"), ("k2", "v2"))
BODY = '{\n  "count": 20,\n  "page": 1,\n  "desc": "%s"\n}'


@pytest.mark.parametrize(
    ("word", "digest"),
    [
        ("描述", "59828328f6c1f9771015dc74e4929ae30f518a35a3d2353972c2ea46556fc981"),
        ("description", "ad6dc6fc97f4290f3724e94eab38168d8613c41c3a4569b4b8b0efbce96a816c"),
    ],
    ids=["as published", "as the English page prints the body"],
)
def test_the_vendors_published_digest_is_reproduced_in_example_g(word, digest):
    signed = signature("xxxxaaaxxxx", VENDOR, (BODY % word).encode(), 1572574909697, "xxxappSecretxxx")
    assert signed == digest


def test_capitals_come_before_small_letters():
    signed = signature(TOKEN, (("b", "1"), ("a", "2"), ("B", "3")), None, 5, SECRET)
    assert signed == hashlib.sha256(f"{TOKEN}B3a2b15{SECRET}".encode()).hexdigest()


WORDS = st.text(st.characters(codec="utf-8"))


@given(st.dictionaries(WORDS, WORDS, max_size=4), st.binary(max_size=30))
def test_what_is_signed_is_what_a_server_decodes_from_the_wire(query, body):
    from urllib.parse import parse_qsl

    call = Call("GET", "/flows", tuple(query.items()))
    wire = call.target.removeprefix("/flows").removeprefix("?")
    decoded = dict(parse_qsl(wire, keep_blank_values=True))
    server = TOKEN.encode() + "".join(k + decoded[k] for k in sorted(decoded)).encode() + body + b"5" + SECRET.encode()
    assert "+" not in wire
    assert " " not in wire
    assert signature(TOKEN, call.query, body, 5, SECRET) == hashlib.sha256(server).hexdigest()
