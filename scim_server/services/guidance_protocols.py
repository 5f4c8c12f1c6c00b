"""Guidance on what either protocol may refuse (sso/errors.py), and what an identity provider's own troubles come to."""

from collections.abc import Mapping

from scim_server.services.guidance import Guidance, guidance

BEGIN_ANEW = "Have the person begin anew at our sign-in page, in one window, and finish within a quarter of an hour."
TEST = "Run the connection's test sign-in, which shows what comes without letting anybody in."

PROTOCOLS: Mapping[str, Guidance] = {
    "provider_said_no": guidance(
        "The identity provider lets the person through.",
        causes=(
            "The person is not assigned to the application.",
            "They cancelled, or a policy of the identity provider stopped them.",
        ),
        entra="The user is not in *Users and groups* of the enterprise application (AADSTS50105), or a *Conditional "
        "Access* policy stopped them; *Sign-in logs* says which.",
        okta="The user is not in *Assignments* of the application, or its *Authentication policy* stopped them; "
        "*Reports* → *System Log* says why.",
        google="*User access* of the app is off for the person's organizational unit (app_not_enabled_for_user).",
        steps=(
            "Read what the identity provider said, which is in the trace.",
            "Look into its own sign-in log at the same minute.",
            "Assign the person, or a group of theirs, to the application; then have them try again.",
        ),
    ),
    "no_attempt": guidance(
        "The answer belongs to a sign-in that this browser has begun here, less than a quarter of an hour ago, and "
        "not used yet.",
        causes=(
            "The person took longer, went back in the browser, or had the page open since yesterday.",
            "They began in one browser and ended in another, as some mail programs have it.",
            "The browser keeps no cookies, or the address that we are reached by is not SCIM_PUBLIC_URL.",
            "Somebody sent the person a link to a sign-in of their own: an attack.",
        ),
        steps=(
            BEGIN_ANEW,
            "If it happens to everybody, compare the address in the browser with SCIM_PUBLIC_URL, and ask whether a "
            "proxy removes cookies.",
        ),
    ),
    "too_large": guidance(
        "The answer is no larger than what we read (256 KB).",
        causes=("The identity provider sends very many groups or attributes.",),
        entra="The group claim has *All groups* in it.",
        okta="The group attribute statement matches everything (*Matches regex* `.*`).",
        steps=(
            "Have the identity provider send only the groups that the application needs.",
            "Leave out attributes that no mapping uses, such as photos.",
        ),
    ),
    "malformed": guidance(
        "The answer is what its protocol says: whole, well-formed, each part once and in its place.",
        causes=(
            "Something between the identity provider and us has cut or changed it.",
            "An own template of the identity provider writes what no standard knows.",
            "Somebody made it by hand: an attack.",
        ),
        steps=(
            "Read in the trace which part was not as it should be.",
            TEST,
            "If it comes like that each time, remove own templates or scripts from the identity provider's "
            "application.",
        ),
    ),
    "no_signature": guidance(
        "What says who the person is, is itself signed: the SAML assertion, or the ID token. A signed response "
        "around it is not enough.",
        causes=("The identity provider signs nothing, or only the response.",),
        entra="*Signing Option* under *SAML Certificates* is *Sign SAML response*: choose *Sign SAML assertion*, or "
        "both.",
        okta="*Assertion Signature* under *Show Advanced Settings* is *Unsigned*: choose *Signed*.",
        google="*Signed response* under *Service provider details* is ticked: untick it, and Google signs the "
        "assertion.",
        steps=("Have the identity provider sign the assertion.", TEST),
    ),
    "weak_algorithm": guidance(
        "A signature by RSA or ECDSA with SHA-256 or better, of a kind that the connection allows.",
        causes=("The identity provider still signs with SHA-1, or with a secret in place of a key.",),
        entra="*Signing Algorithm* under *SAML Certificates* is *SHA-1*: choose *SHA-256*.",
        okta="*Signature Algorithm* under *Show Advanced Settings* is *RSA-SHA1*: choose *RSA-SHA256*; and the same "
        "for *Digest Algorithm*.",
        steps=("Choose SHA-256 at the identity provider.", TEST),
    ),
    "wrong_signature": guidance(
        "A signature by a key that the connection knows: one of its certificates, or of the keys that its issuer "
        "publishes.",
        causes=(
            "The identity provider has a new certificate, and the connection still has the old one.",
            "The certificate is that of another application.",
            "What was signed has been changed on its way: an attack.",
        ),
        entra="A new certificate was made active under *SAML Certificates*, or its application was created anew.",
        okta="Another certificate was activated under *Sign On* → *SAML Signing Certificates*.",
        google="Another certificate was chosen under *Service provider details*, or it was rotated under *Security* "
        "→ *SSO with SAML applications*.",
        steps=(
            "Take the current metadata from the identity provider into the connection: by its URL, or its file.",
            "Compare the fingerprint that the connection shows with that at the identity provider.",
            TEST,
        ),
    ),
    "wrong_issuer": guidance(
        "The issuer is exactly the one that the connection has, to the last slash.",
        causes=(
            "The answer is of another application or tenant of the same provider.",
            "The application was created anew, which gave it another entity id.",
        ),
        entra="The issuer is `https://sts.windows.net/<Directory (tenant) ID>/` for SAML, and "
        "`https://login.microsoftonline.com/<Directory (tenant) ID>/v2.0` for OpenID Connect: not `common`.",
        okta="The issuer is `http://www.okta.com/<id of the application>` for SAML; for OpenID Connect it is your "
        "Okta domain, or that of a custom authorization server, and one is not the other.",
        google="The issuer is `https://accounts.google.com/o/saml2?idpid=…` for SAML, `https://accounts.google.com` "
        "for OpenID Connect.",
        steps=(
            "Compare, in the trace, the issuer that was expected with the one that came.",
            "If the one that came is yours, take the current metadata into the connection; if not, find out whose it "
            "is.",
        ),
    ),
    "wrong_audience": guidance(
        "The answer is meant for this connection, and for nobody else: its audience is our entity id, or our client "
        "id.",
        causes=(
            "The entity id at the identity provider has a mistake in it, or is that of another connection.",
            "The client id of the connection is that of another application.",
        ),
        entra="*Identifier (Entity ID)* under *Basic SAML Configuration*, or *Application (client) ID*.",
        okta="*Audience URI (SP Entity ID)* under *SAML Settings*, or *Client ID*.",
        google="*Entity ID* under *Service provider details*, or *Client ID*.",
        steps=(
            "Copy the entity id of the connection, as it stands in its page, into the identity provider.",
            "With OpenID Connect, copy the client id from the identity provider into the connection.",
            TEST,
        ),
    ),
    "expired": guidance(
        "The answer comes while it is good, give or take 60 seconds.",
        causes=(
            "The clock of the identity provider, or ours, is wrong.",
            "The person waited before they went on, or sent an old page again.",
        ),
        steps=(
            BEGIN_ANEW,
            "If it happens to everybody, compare both times in the trace, and set the clock that is wrong (NTP).",
        ),
    ),
    "not_yet_valid": guidance(
        "The answer is good by now, give or take 60 seconds.",
        causes=("The clock of the identity provider is ahead, or ours is behind.",),
        steps=("Compare both times in the trace, and set the clock that is wrong (NTP).", BEGIN_ANEW),
    ),
    "no_times": guidance(
        "The answer says until when it is good.",
        causes=("An own template of the identity provider leaves the times out.",),
        steps=("Have the identity provider send them, as every one does by default.", TEST),
    ),
    "no_subject": guidance(
        "The answer says who the person is, by what we know them again: SAML's NameID or OpenID Connect's `sub`, or "
        "the attribute that you have chosen instead.",
        causes=(
            "The attribute that stands for the NameID is empty for this person.",
            "The attribute chosen as the subject is not sent, or is called otherwise.",
        ),
        entra="*Unique User Identifier (Name ID)* under *Attributes & Claims* takes from an attribute that the user "
        "does not have, such as `user.mail`.",
        okta="*Application username* takes from an attribute that the user does not have.",
        google="*Name ID* takes from a field that the user does not have.",
        steps=(
            "Have the NameID be an attribute that everybody has and that never changes.",
            "Compare the name of the subject attribute with those that came, in the trace.",
        ),
    ),
    "not_reauthenticated": guidance(
        "The person has just proven anew who they are, as we asked the identity provider to have them do.",
        causes=("The identity provider let them through with the session that they had there.",),
        steps=(
            "Have the person sign out at the identity provider, and begin anew here.",
            "If it happens to everybody, look whether the identity provider honours ForceAuthn (SAML) or max_age "
            "(OpenID Connect) for the application.",
        ),
    ),
    "unreachable": guidance(
        "The identity provider answers when we ask it: its tokens, its keys, its documents.",
        causes=(
            "The identity provider is down, or slow.",
            "A firewall stands between this server and it, or its name leads to a private address.",
            "Its certificate for TLS is not one that this server trusts.",
        ),
        steps=(
            "Read in the trace what could not be fetched, and why.",
            "Fetch the same address from this server's network.",
            "If it is the provider's trouble, wait: nothing has to be changed here.",
        ),
    ),
    "unusable": guidance(
        "What the connection knows of the identity provider can be used: its metadata, its discovery document, its "
        "certificates.",
        causes=("Its document has changed to something that we cannot use, or the connection was never finished.",),
        steps=("Read in the trace what is wrong with it.", "Take the current metadata into the connection.", TEST),
    ),
}
