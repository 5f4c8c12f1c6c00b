"""Guidance on who is refused on the ways in without an identity provider, and at the door whichever way they come."""

from collections.abc import Mapping

from scim_server.services.guidance import Guidance, guidance

_RESET = "The person chooses a new password at /reset-password."

DOORS: Mapping[str, Guidance] = {
    "wrong_password": guidance(
        "An address that somebody has an account with, and its password.",
        causes=("Mistyped.", "The person has no password, because they come by a code or through your company."),
        steps=(_RESET, "Many of these from one network, about many people, are somebody who guesses."),
    ),
    "wrong_code": guidance(
        "The code that was sent last, within its ten minutes, once.",
        causes=("Mistyped.", "There is a newer code.", "It is too old, or was used already."),
        steps=("The person asks for a new code, and enters the one of the latest message.",),
    ),
    "wrong_second_factor": guidance(
        "The second factor of the account: the code that its app shows now, a passkey, or a recovery code that is "
        "not used.",
        causes=("Mistyped, or used already.", "The clock of the telephone is wrong.", "It is a new telephone."),
        steps=(
            "The person sets the clock of the telephone to automatic, or uses a recovery code.",
            "If they have lost it all, the operator takes the second factor away, after making sure who asks: "
            "`scim-server account --help`.",
        ),
    ),
    "too_many_tries": guidance(
        "No more than five wrong tries for one account within a quarter of an hour.",
        causes=("The person has forgotten something.", "Somebody guesses."),
        steps=(
            "Wait a quarter of an hour.",
            _RESET,
            "Look at the addresses of the network: strange ones are somebody who guesses, and nothing has to be done.",
        ),
    ),
    "sso_required": guidance(
        "The person comes through the connection that the organization requires.",
        causes=("They tried a password, a code, a passkey or a reset of the password.",),
        steps=(
            "The person enters their address at our sign-in page, and goes on at the identity provider.",
            "If the identity provider is out of order, the operator switches the requirement off.",
        ),
    ),
    "no_active_user": guidance(
        "The person is an active user of an organization.",
        causes=("They have not accepted their invitation.", "They were deactivated or deleted."),
        steps=(
            "Send the invitation again, reactivate or restore them: `scim-server user list SLUG --search ADDRESS` says "
            "what they are.",
        ),
    ),
    "collapsed": guidance(
        "No more than 60 refused attempts a minute through one connection, which each have a trace of their own.",
        causes=(
            "Somebody sends rubbish.",
            "Everybody is refused at once, because a certificate has changed, for instance.",
        ),
        steps=(
            "Read in `reasons` what the others were refused for, and `count` for how many there were.",
            "Look at the traces just before this one: they are whole.",
        ),
    ),
}
