"""The certificates an emulated station keeps in memory: their hashes, and its own signing requests."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

OWN = "own"
"""The use of the station's own certificate, which no list of root certificates shows."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One installed certificate; the hashes are of SHA-256 (2.x, CertificateHashDataType)."""

    use: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    pem: str

    @property
    def key(self) -> str:
        """What tells certificates apart."""
        return key_of(self)


def key_of(hashes: Any) -> str:
    """The key in what names a certificate by its hashes: CertificateHashData of any version."""
    return f"{hashes.issuer_name_hash}:{hashes.issuer_key_hash}:{hashes.serial_number}".lower()


def read(pem: str, use: str) -> Certificate | None:
    """The certificate in `pem`; None where it is none."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificates(pem.encode())[0]
    except (ValueError, IndexError):
        return None
    return Certificate(
        use,
        _hash(found.issuer.public_bytes()),
        _hash(_issuer_key(found)),
        f"{found.serial_number:x}"[:40],
        pem,
    )


def _issuer_key(certificate: Any) -> bytes:
    """The issuer's key: of a root its own; else what the certificate says of it."""
    from cryptography import x509

    if certificate.issuer != certificate.subject:
        try:
            named = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        except x509.ExtensionNotFound:
            named = None
        if named is not None:
            return bytes(named)
    return _key_bits(certificate.public_key())


def _key_bits(key: Any) -> bytes:
    """The BIT STRING of a public key, without tag and length (RFC 6960, 4.1.1)."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    match key:
        case ec.EllipticCurvePublicKey():
            return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        case rsa.RSAPublicKey():
            return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        case _:
            bits: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return bits


def _hash(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


@lru_cache(maxsize=1)
def _key() -> Any:
    """One key serves all emulated stations of a process: making thousands would only cost time."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def signing_request(identity: str) -> str:
    """A PEM certificate request in the name of the station."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    names = [
        x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Example"),
        x509.NameAttribute(x509.NameOID.COMMON_NAME, identity[:64]),
    ]
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names)).sign(_key(), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()
