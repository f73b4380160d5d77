"""TLS, proxies and limits of the client that asks live sources."""

import datetime as dt
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forecasting.errors import SettingsError, SourceError
from forecasting.settings import HttpSettings
from forecasting.sources._http import Breaker, Client, Request
from tests.sources import bureau as quirks
from tests.sources.bureau import Bureau

TREE = "/external/new/queryIndexTreeAsync"


def client(**http) -> Client:
    return Client("nbs", HttpSettings(**{"attempts": 1, "pause_s": 0, **http}), Breaker(3, 60))


def tree(url: str) -> Request:
    return Request("GET", f"{url}{TREE}", params={"pid": "x", "code": "1"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Files of an own authority and of a certificate for the loopback interface that it signed."""
    folder = tmp_path_factory.mktemp("tls")
    now = dt.datetime.now(dt.UTC)

    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip

    def signed(name, key, issuer, issuer_key, extension):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        # Python 3.13 refuses certificates without what RFC 5280 asks for
        ca = issuer is None
        uses = x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        builder = builder.add_extension(signer, critical=False).add_extension(uses, critical=True)
        return builder.add_extension(extension, critical=True).sign(issuer_key, hashes.SHA256())

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = signed("authority", authority_key, None, authority_key, x509.BasicConstraints(ca=True, path_length=0))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = signed("bureau", key, authority.subject, authority_key, names)
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "own.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM) + private)
    return folder


@pytest.fixture
def secure(certificate):
    """A server that speaks TLS with that certificate."""
    with Bureau() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "own.pem")
        server.wrap(context)
        yield server


def test_a_certificate_nobody_vouches_for_is_refused_and_a_bundle_can_be_given(secure, certificate):
    with pytest.raises(SourceError, match=r"the certificate is not trusted .*sources\.http\.ca_bundle") as caught:
        client().ask(tree(secure.url))
    assert caught.value.closed
    assert b"data" in client(ca_bundle=certificate / "ca.pem").ask(tree(secure.url))


def test_a_bundle_that_is_none_is_a_wrong_setting(tmp_path):
    with pytest.raises(SettingsError, match=r"sources\.http\.ca_bundle .*none\.pem: .*name a PEM file"):
        client(ca_bundle=tmp_path / "none.pem")


def test_the_proxy_of_the_settings_is_used_and_none_of_the_environment(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with Bureau() as bureau:
        assert b"data" in client().ask(tree(bureau.url))
        assert b"data" in client(proxy=bureau.url).ask(tree("http://bureau.invalid"))
        assert [path for path, _ in bureau.asked] == [TREE, TREE]


def test_an_address_that_is_none_is_a_wrong_setting():
    with pytest.raises(SettingsError, match="correct the address or the proxy in the settings"):
        client().ask(Request("GET", "ftp//nowhere"))


def test_nobody_at_home_is_said():
    with pytest.raises(SourceError, match=r"nbs: GET http://127\.0\.0\.1:9/x: cannot be reached"):
        client().ask(Request("GET", "http://127.0.0.1:9/x"))


def test_a_reply_of_exactly_the_limit_is_taken_and_a_byte_more_is_not():
    with Bureau() as bureau:
        bureau.next = [quirks.sends(b"x" * (1 << 20)), quirks.sends(b"x" * ((1 << 20) + 1))]
        assert len(client(max_mb=1).ask(tree(bureau.url))) == 1 << 20
        with pytest.raises(SourceError, match="more than 1 MB"):
            client(max_mb=1).ask(tree(bureau.url))


@pytest.mark.parametrize("wait", ["Fri, 01 Jan 2100 00:00:00 GMT", "86400"])
def test_a_long_wait_closes_the_source_in_either_form(wait):
    with Bureau() as bureau:
        bureau.next = [quirks.sends(b"", 503, Retry_After=wait)]
        with pytest.raises(SourceError, match="longer than wait_max_s") as caught:
            client().ask(tree(bureau.url))
        assert caught.value.closed
