"""Guidance on who is refused though they have proven who they are (services/provisioning_rules.py)."""

from collections.abc import Mapping

from scim_server.services.guidance import Guidance, guidance
from scim_server.services.guidance_protocols import TEST

_FIND_THEM = "Find the person: `scim-server user list SLUG --search ADDRESS`, deleted ones with `--status deleted`."
_MODES = "Read in docs/admins/provisioning-modes.md what the mode of the connection lets in."

PEOPLE: Mapping[str, Guidance] = {
    "no_subject_attribute": guidance(
        "The attribute that you have chosen as the subject is there, with one value of 1 to 512 characters.",
        causes=("The attribute is not sent, is empty for this person, or is called otherwise.",),
        entra="*Attributes & Claims* has no claim of that name; note that its *Namespace* is part of the name.",
        okta="*Attribute Statements* has none of that name.",
        google="*SAML attribute mapping* has no app attribute of that name.",
        steps=("Compare the name with those that came, in the trace.", "Have the provider send it.", TEST),
    ),
    "no_email": guidance(
        "The identity provider says the person's e-mail address, under the name that the mapping has for it.",
        causes=("The person has none there.", "It is sent under another name, or not at all."),
        entra="The claim `…/claims/emailaddress` takes from `user.mail`, which is empty for whoever has no mailbox: "
        "take `user.userprincipalname`. For OpenID Connect, add `email` under *Token configuration*.",
        okta="*Attribute Statements* lacks `email` with the value `user.email`.",
        google="*SAML attribute mapping* lacks *Primary email*.",
        steps=(
            "Read in the trace which attributes came.",
            "Have the identity provider send the address, or change the mapping of the connection.",
            TEST,
        ),
    ),
    "foreign_domain": guidance(
        "The domain of the person's address is one that the organization has verified, and that this connection "
        "speaks for. A sub-domain is a domain of its own.",
        causes=(
            "The domain was never verified, or its TXT record has gone.",
            "It is verified, but not among the domains of this connection.",
            "The person is a guest at the identity provider, with an address of another company.",
        ),
        entra="A guest: `name_company.com#EXT#@…onmicrosoft.com`, or the address of their own company.",
        steps=(
            "Read in the trace which domain came, and which were expected.",
            "Verify the domain, and add it to the connection.",
            "Invite guests by e-mail instead: they sign in with a password or a code.",
        ),
    ),
    "unknown_user": guidance(
        "The person is a user already: this connection is *pre-provisioned*, and creates nobody.",
        causes=("Nobody has invited, imported or created them.", "They are a user with another address."),
        steps=(
            _FIND_THEM,
            "Invite them, or correct the address.",
            "Or set the connection to just-in-time, if whoever your identity provider lets through shall come in.",
        ),
    ),
    "not_provisioned": guidance(
        "The directory has provisioned the person by SCIM, and they are active: this connection is *directory-synced*.",
        causes=(
            "They are assigned to the application for signing in, and not for provisioning.",
            "Provisioning has not come to them yet, or has failed for them.",
            "They are a user by invitation or by hand, whom no directory has taken over.",
        ),
        entra="*Provisioning* → *Provisioning logs* says what became of them; a cycle takes up to 40 minutes, and "
        "*Provision on demand* does it at once.",
        okta="*Provisioning* → *To App* lacks *Create Users*, or *Assignments* shows an error beside the person.",
        google="*Auto-provisioning* is off for their organizational unit; it takes up to 24 hours.",
        steps=(
            _FIND_THEM,
            "Look for them in what the directory sent: `scim-server requests SLUG --text ADDRESS`.",
            "Assign them for provisioning, or set the connection to another mode.",
            _MODES,
        ),
    ),
    "deactivated": guidance(
        "The person is active.",
        causes=("The directory has deactivated them, or an admin has.",),
        steps=(
            _FIND_THEM,
            "Where a directory owns them, assign them there again; else `scim-server user reactivate SLUG USER`.",
        ),
    ),
    "deleted": guidance(
        "The person is not deleted: signing in brings nobody back, in any mode.",
        causes=(
            "The directory has deleted them, or an admin has.",
            "They were deleted by a directory, and then purged.",
        ),
        steps=(
            "Look whether they can be restored: `scim-server user list SLUG --status deleted`.",
            "Restore them, or assign them in the directory again. Whoever was purged is provisioned or invited anew.",
        ),
    ),
    "email_not_proven": guidance(
        "The person is known to this connection, or it may tell by an e-mail address whom it means.",
        causes=(
            "A user has that address, and has never signed in through this connection, which is not to tell people "
            "by it.",
            "The identity provider says that the address is not verified.",
        ),
        entra="With OpenID Connect, an address proves nothing: whoever administers a tenant writes any address "
        "there. Tell people by `externalId`.",
        okta="`email_verified` is false: the person has not confirmed the address there.",
        steps=(
            "Have the directory provision the person with an `externalId` that is the subject, and choose it in the "
            "connection.",
            "Or let the connection tell people by their address, if nobody but you writes addresses at your provider.",
        ),
    ),
    "other_user": guidance(
        "The user who has that address, or externalId, is known to this connection as whoever comes.",
        causes=(
            "The address has passed from one person to another.",
            "The account at the identity provider was deleted and created anew, which gave it another subject.",
            "The NameID was changed from one attribute to another.",
        ),
        entra="*Unique User Identifier (Name ID)* was changed, or the app registration with it: `sub` differs by "
        "application.",
        okta="*Application username* was changed.",
        google="*Name ID* was changed.",
        steps=(
            "Find out whether it is the same person: compare both subjects in the trace.",
            "If it is somebody else, delete the former user, and provision or invite the new one.",
            "If it is the same person, have the connection forget how it knew them; the next sign-in links them anew.",
        ),
    ),
    "ambiguous": guidance(
        "One user has that address, or externalId.",
        causes=("Two users have it, such as one by hand and one by a directory.",),
        steps=(_FIND_THEM, "Take the address from one of them, or delete the one who is there twice."),
    ),
    "no_seat": guidance(
        "A seat of the plan is free.",
        causes=("All seats are taken, and the organization is set to refuse whoever is beyond them.",),
        steps=(
            "See who has them: `scim-server org show SLUG`.",
            "Deactivate who has left, or get more seats; then have the person try again.",
        ),
    ),
    "unusable_profile": guidance(
        "What the identity provider says of the person makes a profile that can be kept.",
        causes=("A value is too long, or of another kind than its field.",),
        steps=(
            "Read in the trace which field it is.",
            "Correct it at the identity provider, or take the field out of the mapping.",
        ),
    ),
    "connection_off": guidance(
        "The connection is enabled, or an admin is testing it.",
        causes=("It is a draft, was tested and not enabled, or was disabled.",),
        steps=("Enable it, once its test sign-in has passed.", "Or have people come another way."),
    ),
    "replayed": guidance(
        "What the identity provider sent is new: an assertion is good once.",
        causes=(
            "The person sent the same page twice: by going back, by reloading, by a double click.",
            "Somebody has kept an answer and sent it again: an attack.",
        ),
        steps=(
            "Have the person begin anew at our sign-in page.",
            "If they did nothing of the kind, compare the address of the network with that of the sign-in before.",
        ),
    ),
}
