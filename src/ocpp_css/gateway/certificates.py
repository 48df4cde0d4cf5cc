"""Whether a client certificate is this station's: a valid chain says only that it is some station's (A00.FR.403 ff)."""

from collections.abc import Collection

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

SHORTEST_RSA = 2048
SHORTEST_EC = 224


def is_of_station(certificate: bytes, names: Collection[str], organizations: Collection[str]) -> bool:
    """True for a certificate (DER) whose CN is one of `names` and whose O is one of `organizations`.

    The path, the times and the purpose were checked by TLS. Two CNs or two Os are refused, and so is a key that is too
    short (A00.FR.501 ff).
    """
    try:
        found = x509.load_der_x509_certificate(certificate)
        common = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        owners = found.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        key = found.public_key()
    except ValueError:
        return False
    is_named = len(common) == len(owners) == 1 and common[0].value in names and owners[0].value in organizations
    match key:
        case rsa.RSAPublicKey():
            return is_named and key.key_size >= SHORTEST_RSA
        case ec.EllipticCurvePublicKey():
            return is_named and key.key_size >= SHORTEST_EC
        case _:
            return False
