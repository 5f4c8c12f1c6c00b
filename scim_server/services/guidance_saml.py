"""Guidance on what only SAML may refuse (sso/errors.py)."""

from collections.abc import Mapping

from scim_server.services.guidance import Guidance, guidance
from scim_server.services.guidance_protocols import BEGIN_ANEW, TEST

_ATTACK = "Nothing that an identity provider sends by itself looks like that: somebody has made or changed it."
_LOOK_INTO_IT = (
    "Look at the address of the network in the trace, and whether there are more such attempts.",
    "If it comes from your own people each time, remove own templates, scripts and proxies from between the identity "
    "provider and us.",
)

SAML: Mapping[str, Guidance] = {
    "forbidden_xml": guidance(
        "The message is plain XML: no document type, no entities, no comments and no processing instructions.",
        causes=(_ATTACK,),
        steps=_LOOK_INTO_IT,
    ),
    "duplicate_id": guidance(
        "Every ID in the message is there once, so that a signature can mean one element only.",
        causes=(_ATTACK,),
        steps=_LOOK_INTO_IT,
    ),
    "signature_shape": guidance(
        "A signature is over exactly the element that it stands in, by the two transformations of SAML.",
        causes=(_ATTACK, "Rarely, an identity provider of one's own making signs in a way that SAML does not know."),
        steps=_LOOK_INTO_IT,
    ),
    "wrong_recipient": guidance(
        "The assertion is for the assertion consumer service URL of this connection, letter by letter.",
        causes=("The URL at the identity provider has a mistake in it, or is that of another connection.",),
        entra="*Reply URL (Assertion Consumer Service URL)* under *Basic SAML Configuration*; where there are "
        "several, the one that is *Default*.",
        okta="*Single sign-on URL* under *SAML Settings*, with *Use this for Recipient URL and Destination URL* "
        "ticked.",
        google="*ACS URL* under *Service provider details*.",
        steps=("Copy the ACS URL of the connection, as it stands in its page, into the identity provider.", TEST),
    ),
    "wrong_destination": guidance(
        "The response names the assertion consumer service URL of this connection as its destination, or none.",
        causes=(
            "The URL at the identity provider has a mistake in it, or is that of another connection.",
            "SCIM_PUBLIC_URL has changed since the connection was set up.",
        ),
        entra="*Reply URL (Assertion Consumer Service URL)* under *Basic SAML Configuration*.",
        okta="*Destination URL* under *SAML Settings*; tick *Use this for Recipient URL and Destination URL*.",
        google="*ACS URL* under *Service provider details*.",
        steps=("Copy the ACS URL of the connection, as it stands in its page, into the identity provider.", TEST),
    ),
    "wrong_in_response_to": guidance(
        "The answer is to the request that this browser was sent with.",
        causes=(
            "The person had two sign-ins under way in two windows, or went back in the browser.",
            "Somebody has put an answer to another request in: an attack.",
        ),
        steps=(BEGIN_ANEW,),
    ),
    "unsolicited": guidance(
        "The sign-in begins here, unless sign-ins that begin at the identity provider are switched on for the "
        "connection.",
        causes=("The person came by the application's tile in the identity provider's portal.",),
        entra="The tile in *My Apps*, or *Test* under *Single sign-on*. Fill in *Sign on URL* with the login URL of "
        "the connection, and the tile begins here.",
        okta="The tile in the *End-User Dashboard*. Hide it, and give people a *Bookmark App* with the login URL of "
        "the connection.",
        google="The app in the app launcher. Fill in *Start URL* all the same: it is where people land.",
        steps=(
            "Have people begin at our sign-in page, or at the login URL of the connection.",
            "Or allow sign-ins that begin at the identity provider (`allow_idp_initiated`), knowing that an "
            "assertion that nobody here asked for is a little easier to misuse.",
        ),
    ),
    "weak_encryption": guidance(
        "Where the assertion is encrypted, it is by AES-GCM with RSA-OAEP.",
        causes=("The identity provider encrypts by AES-CBC or with RSA 1.5, which can be read by trial.",),
        entra="*Token encryption* uses AES-256-CBC: remove the certificate there, TLS protects the assertion; or "
        "allow weak encryption for this connection.",
        okta="*Encryption Algorithm* is *AES256-CBC*: choose *AES256-GCM*; *Key Transport Algorithm*: *RSA-OAEP*.",
        steps=(
            "Choose AES-GCM and RSA-OAEP at the identity provider.",
            "Where it has neither, switch encryption off there, or allow the weak one for this connection.",
            TEST,
        ),
    ),
    "not_decrypted": guidance(
        "An encrypted assertion is encrypted for a certificate of this connection.",
        causes=("The identity provider has a certificate of ours that is not there any more, or somebody else's.",),
        entra="The certificate under *Token encryption*.",
        okta="*Encryption Certificate* under *Show Advanced Settings*.",
        steps=("Give the identity provider the current certificate out of the connection's metadata.", TEST),
    ),
    "second_opinion": guidance(
        "Two independent checks of the message come to the same.",
        causes=("The message can be read in two ways, which only one that was made by hand can.",),
        steps=(
            *_LOOK_INTO_IT,
            "If it is an ordinary message of your identity provider, report it as a bug, with the trace.",
        ),
    ),
}
