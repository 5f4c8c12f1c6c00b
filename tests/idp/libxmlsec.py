"""How pysaml2 signs and encrypts without the `xmlsec1` program: by the same library, out of a wheel.

pysaml2 writes and reads the messages; what it has done by a program of libxmlsec1 is done here by libxmlsec1's own
binding. (Its other backend, pyXMLSecurity, installs a module by the name of that binding: the two exclude each other.)
"""

from pathlib import Path
from typing import Any

import xmlsec
from lxml import etree
from saml2 import SamlBase  # type: ignore[import-untyped]
from saml2.sigver import CryptoBackend, RSACrypto, pre_encrypt_assertion  # type: ignore[import-untyped]

_NS = {"ds": xmlsec.constants.DSigNs, "saml": "urn:oasis:names:tc:SAML:2.0:assertion"}


class LibXmlSec(CryptoBackend):  # type: ignore[misc]
    """What pysaml2 asks of a backend, as an identity provider does."""

    def sign_statement(self, statement: Any, node_name: str, key_file: str, node_id: str) -> str:
        """Fill in the signature that pysaml2 has left empty on the node of this ID."""
        root = _parsed(statement)
        signature = _one(root, "//*[@ID=$id]/ds:Signature", id=node_id)
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_file(key_file, xmlsec.constants.KeyDataFormatPem)
        context.sign(signature)
        return etree.tostring(root).decode()

    def validate_signature(
        self, signedtext: str | bytes, cert_file: str, cert_type: str, node_name: str, node_id: str
    ) -> bool:
        root = _parsed(signedtext)
        signature = _one(root, "//*[@ID=$id]/ds:Signature", id=node_id)
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_file(cert_file, xmlsec.constants.KeyDataFormatCertPem)
        try:
            context.verify(signature)
        except xmlsec.Error:
            return False
        return True

    def encrypt_assertion(
        self,
        statement: Any,
        enc_key: str,
        template: object,
        key_type: str = "",
        node_xpath: str | None = None,
        node_id: str | None = None,
    ) -> str:
        """Encrypt for the certificate in the file `enc_key`: AES-256-GCM, its key by RSA-OAEP.

        The template of pysaml2 asks for triple DES, which nobody should accept any more.
        """
        if isinstance(statement, SamlBase):
            statement = pre_encrypt_assertion(statement)
        root = _parsed(statement)
        assertion = _one(root, "saml:EncryptedAssertion/saml:Assertion")
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_memory(Path(enc_key).read_bytes(), xmlsec.constants.KeyDataFormatCertPem))
        data = xmlsec.template.encrypted_data_create(
            root, xmlsec.constants.TransformAes256Gcm, type=xmlsec.constants.TypeEncElement, ns="xenc"
        )
        xmlsec.template.encrypted_data_ensure_cipher_value(data)
        info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
        wrapped = xmlsec.template.add_encrypted_key(info, xmlsec.constants.TransformRsaOaep)
        xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
        context = xmlsec.EncryptionContext(manager)
        context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, 256, xmlsec.constants.KeyDataTypeSession)
        context.encrypt_xml(data, assertion)
        return etree.tostring(root).decode()


def _parsed(text: Any) -> Any:
    return etree.fromstring(text if isinstance(text, bytes) else str(text).encode())


def _one(root: Any, path: str, **values: str) -> Any:
    [found] = root.xpath(path, namespaces=_NS, **values)
    return found


def use_libxmlsec(entity: Any, private_key: Any) -> None:
    """Have an entity of pysaml2, that was made with the backend `XMLSecurity`, do its cryptography this way."""
    entity.sec.crypto = LibXmlSec()
    entity.sec.sec_backend = RSACrypto(private_key)
