"""Guidance on what only OpenID Connect may refuse (sso/errors.py)."""

from collections.abc import Mapping

from scim_server.services.guidance import Guidance, guidance
from scim_server.services.guidance_protocols import BEGIN_ANEW, TEST

_FOREIGN = "The token is of another application or another person: somebody has put it in, an attack."

OIDC: Mapping[str, Guidance] = {
    "wrong_state": guidance(
        "The answer has the state that this browser was sent with, and comes to the connection that sent it.",
        causes=(
            "The person had two sign-ins under way in two windows, or went back in the browser.",
            "Somebody has led the person to an answer of their own: an attack.",
        ),
        steps=(BEGIN_ANEW,),
    ),
    "no_code": guidance(
        "The answer has an authorization code in it, once.",
        causes=("The application at the identity provider is set to another flow than *authorization code*.",),
        okta="*Grant type* under *General Settings* lacks *Authorization Code*.",
        entra="The application is registered as *Single-page application*: register its redirect URI under *Web*.",
        steps=("Allow the authorization code flow, with the redirect URI of the connection.", TEST),
    ),
    "code_refused": guidance(
        "The identity provider gives an ID token for the code, to the client that the connection is.",
        causes=(
            "The client secret is wrong, or has expired.",
            "The redirect URI at the identity provider is another one.",
            "The person sent the same page twice: a code is good once.",
        ),
        entra="*Client secret* under *Certificates & secrets* has expired (AADSTS7000222), or its *Secret ID* was "
        "copied in place of its *Value* (AADSTS7000215).",
        okta="*Client secrets* under *Client Credentials* has another one by now.",
        google="*Client secret* under *Clients* was reset, or *Authorized redirect URIs* lacks ours.",
        steps=(
            "Read in the trace what the identity provider said.",
            "Make a new client secret there, and put its value into the connection.",
            "Copy the redirect URI of the connection into the identity provider, letter by letter.",
            TEST,
        ),
    ),
    "unknown_key": guidance(
        "The token is signed with a key that the issuer publishes.",
        causes=(
            "The identity provider has changed its keys, and its list of keys could not be fetched since.",
            "The token is not the issuer's: an attack.",
        ),
        okta="The token is of the org authorization server, and the connection names a custom one, or the other way "
        "round.",
        steps=(
            "Try again in five minutes: keys are fetched anew, but not at every try.",
            "If it stays, look whether the issuer of the connection is the one of the application.",
        ),
    ),
    "wrong_authorized_party": guidance(
        "Where a token names who asked for it (`azp`), that is this connection's client.",
        causes=(_FOREIGN,),
        google="The token was asked for by another client of the same project.",
        steps=("Compare the client id of the connection with the one that came, in the trace.", TEST),
    ),
    "wrong_nonce": guidance(
        "The token was made for this very sign-in.",
        causes=(_FOREIGN, "The person sent an old page again."),
        steps=(BEGIN_ANEW,),
    ),
    "wrong_access_token_hash": guidance(
        "The access token is the one that the ID token was made with.",
        causes=(_FOREIGN,),
        steps=(BEGIN_ANEW, "If it happens to everybody, report it to the identity provider: it breaks OpenID Connect."),
    ),
    "wrong_userinfo": guidance(
        "What the userinfo endpoint tells is of the same person as the ID token.",
        causes=(_FOREIGN, "The identity provider calls the person by two names."),
        steps=(TEST, "If it stays, report it to the identity provider: it breaks OpenID Connect."),
    ),
    "wrong_hosted_domain": guidance(
        "Google says that the person's account is of a domain that your organization has verified (`hd`).",
        causes=("The person signed in to Google with a private account, or with that of another company.",),
        google="The OAuth consent screen is *External*, so that any Google account may come.",
        steps=(
            "Have the person choose their company's account.",
            "Verify the domain here, if it is yours.",
            "Set *Audience* of the OAuth consent screen to *Internal*.",
        ),
    ),
    "wrong_tenant": guidance(
        "Entra ID says that the person's account is of your tenant (`tid`).",
        causes=("The person signed in with a private Microsoft account, or with that of another company.",),
        entra="*Supported account types* of the app registration is more than *this organizational directory only*, "
        "or the connection has another *Directory (tenant) ID*.",
        steps=(
            "Have the person choose their company's account.",
            "Compare the tenant of the connection with *Directory (tenant) ID* in the overview of the app "
            "registration.",
        ),
    ),
    "weak_authentication": guidance(
        "The person was authenticated as strongly as the connection asks for (`acr`).",
        causes=("The identity provider did not ask for a second factor, or does not say that it did.",),
        entra="No *Conditional Access* policy asks for multifactor authentication for this application.",
        okta="The *Authentication policy* of the application asks for one factor only.",
        steps=(
            "Have the identity provider ask for the second factor for this application.",
            "If it does not say `acr` at all, remove `acr_values` from the connection.",
        ),
    ),
}
