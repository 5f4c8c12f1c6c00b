"""An invitation lets one person in, once, within seven days, and whoever invites cannot do more than they may."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Account, Origin, OutgoingMail, User, UserStatus
from scim_server.services import accounts, handmade_teams, invitations, lifecycle, outbox, ownership, passwords, users
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import (
    DomainError,
    InvalidValue,
    LinkOver,
    NoOwnerYet,
    NoSeatLeft,
    NotAllowed,
    NotFound,
    OwnedByDirectory,
    UserNameTaken,
)
from scim_server.services.fields import made_by_hand
from scim_server.services.languages import Language
from scim_server.services.profiles import folded
from scim_server.services.settings import change_settings
from tests.clients import Directory
from tests.invitations import NOW, PASSWORD, Host, days, secret
from tests.mail import in_folder, plain
from tests.promises.databases import contents, events


@pytest.fixture
def host(settings: Settings, database: Database, acme: Directory) -> Host:
    """Acme, where nobody has come in yet."""
    return Host(settings, database)


@pytest.fixture
def owned(host: Host) -> Host:
    """Acme, whose first admin has accepted."""
    host.with_owner()
    return host


def why(attempt: Callable[[], Any]) -> str:
    with pytest.raises(LinkOver) as refused:
        attempt()
    assert str(refused.value)
    return refused.value.why


def account_of(host: Host, email: str) -> Account | None:
    with host.database.reading() as session:
        return accounts.find_account(session, email)


# The first admin


def test_the_first_admin_who_accepts_owns_the_organization(host: Host) -> None:
    made = host.invite_admin()
    assert not host.user(made.user.id).is_owner

    host.accept(made.link)

    ada = host.user(made.user.id)
    assert (ada.status, ada.is_owner, ada.origin) == (UserStatus.ACTIVE, True, "invitation")
    with host.acting() as ctx:
        assert declared(ctx).roles[ada.role_id].name == "Admin"
    assert in_folder() == []


def test_the_second_admin_owns_nothing(host: Host) -> None:
    first, second = host.invite_admin(), host.invite_admin("grace@example.com")

    host.accept(second.link)
    host.accept(first.link)

    assert [host.user(each.user.id).is_owner for each in (first, second)] == [False, True]


def test_nobody_else_is_invited_before_the_first_admin_has_accepted(host: Host) -> None:
    made = host.invite_admin()
    with pytest.raises(NoOwnerYet):
        host.invite()
    with pytest.raises(NoOwnerYet):
        host.resend("ada@example.com")

    host.accept(made.link)

    assert host.invite().user.status == UserStatus.INVITED


def test_inviting_the_first_admin_again_ends_the_earlier_link(host: Host) -> None:
    first = host.invite_admin()
    second = host.invite_admin(" ada@EXAMPLE.com")

    assert why(lambda: host.accept(first.link)) == "replaced"
    assert second.user.id == first.user.id
    assert host.accept(second.link)


def test_only_the_operator_invites_without_mail(owned: Host) -> None:
    with owned.acting() as ctx:
        owner = ownership.find_owner(ctx)
    with owned.acting(user=owner) as ctx, pytest.raises(NotAllowed):
        invitations.invite_first_admin(ctx, "eve@example.com")


# Sending


def test_an_invitation_goes_by_mail_in_the_language_that_was_asked_for(owned: Host) -> None:
    made = owned.invite(language=Language.PT_BR)

    outbox.deliver(owned.database, owned.settings, lambda: NOW)

    [message] = in_folder()
    assert message["To"] == "grace@example.com"
    assert message["Subject"] == "Seu convite para acme"
    assert made.link in plain(message)
    assert made.link.startswith("https://scim.example.com/invitations/")


def test_somebody_invited_is_a_user_without_access(owned: Host) -> None:
    made = owned.invite(" Grace@EXAMPLE.com", fields={"displayName": "Grace Hopper"})

    grace = owned.user(made.user.id)
    assert (grace.status, grace.origin, grace.display_name) == ("invited", "invitation", "Grace Hopper")
    assert grace.user_name == "Grace@example.com"
    assert grace.document["emails"] == [{"value": "Grace@example.com", "type": "work", "primary": True}]
    assert grace.account_id is None
    assert owned.pending() == ["Grace@example.com"]


def test_a_directory_finds_who_is_invited_by_name_and_by_address(owned: Host, acme: Directory) -> None:
    owned.invite("Grace@example.com")

    found = [acme.search(f'{each} eq "GRACE@example.com"') for each in ("userName", "emails.value", "emails")]

    assert [each.user_names for each in found] == [["Grace@example.com"]] * 3
    assert found[0].resources[0]["active"] is False


def test_an_invitation_puts_somebody_into_a_role_and_teams(owned: Host, acme: Directory) -> None:
    with owned.acting() as ctx:
        crew = handmade_teams.create_team(ctx, "Crew").id
        viewer = declared(ctx).role("Viewer")

    made = owned.invite(role=viewer, team_ids=[crew])

    assert viewer is not None
    assert owned.user(made.user.id).role_id == viewer.id
    assert acme.get(f"/Groups/{crew}").members == {str(made.user.id)}


def test_an_invitation_puts_nobody_into_a_team_that_a_directory_owns(owned: Host, acme: Directory) -> None:
    crew = acme.create_group("Crew")

    with pytest.raises(OwnedByDirectory):
        owned.invite(team_ids=[UUID(crew.id)])

    assert owned.pending() == []


def test_an_agent_invites_nobody_and_an_admin_does(owned: Host) -> None:
    made = owned.invite()
    owned.accept(made.link)
    agent = owned.user(made.user.id)
    with owned.acting() as ctx:
        owner = ownership.find_owner(ctx)
    assert owner is not None

    for act in (
        lambda ctx: invitations.invite(ctx, "eve@example.com"),
        lambda ctx: invitations.list_pending(ctx),
    ):
        with owned.acting(user=agent) as ctx, pytest.raises(NotAllowed):
            act(ctx)
    with owned.acting(user=owner) as ctx:
        invitations.invite(ctx, "linus@example.com")

    outbox.deliver(owned.database, owned.settings, lambda: NOW)
    assert "ada@example.com has invited you" in plain(in_folder()[-1])


@pytest.mark.parametrize("step", [lifecycle.deactivate_user, lifecycle.delete_user])
def test_whoever_was_let_in_by_hand_and_is_shut_out_has_no_link_any_more(
    owned: Host, step: Callable[[Context, User], object]
) -> None:
    made = owned.invite()
    with owned.acting() as ctx:
        lifecycle.activate_user(ctx, users.get_user_to_change(ctx, made.user.id))

    with owned.acting() as ctx:
        step(ctx, users.get_user_to_change(ctx, made.user.id))

    assert owned.pending() == []
    with pytest.raises(LinkOver):
        owned.accept(made.link)


def test_no_user_is_invited_twice_over(owned: Host, acme: Directory) -> None:
    made = owned.invite()
    with pytest.raises(NotAllowed, match="invited already"):
        owned.invite("GRACE@example.com")

    owned.accept(made.link)
    with pytest.raises(UserNameTaken):
        owned.invite()
    with pytest.raises(UserNameTaken):
        owned.invite_admin("grace@example.com")


def test_whoever_is_deactivated_is_reactivated_before(owned: Host) -> None:
    made = owned.invite()
    owned.accept(made.link)
    with owned.acting() as ctx:
        lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, made.user.id))

    with pytest.raises(NotAllowed, match="reactivate them first"):
        owned.invite()
    with pytest.raises(NotAllowed, match="reactivate them first"):
        owned.invite_admin("grace@example.com")


def test_whoever_was_deleted_is_invited_as_somebody_new(owned: Host) -> None:
    made = owned.invite()
    owned.accept(made.link)
    with owned.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, made.user.id))

    again = owned.invite()
    owned.accept(again.link)

    assert again.user.id != made.user.id
    assert owned.user(again.user.id).status == "active"


@pytest.mark.parametrize("form", ["gina@bücher.example", "gina@xn--bcher-kva.example"])
def test_a_directorys_people_are_not_invited(owned: Host, acme: Directory, form: str) -> None:
    acme.create_user("gina", emails=[{"value": form}])

    for address in ("gina@bücher.example", "gina@xn--bcher-kva.example"):
        with pytest.raises(OwnedByDirectory):
            owned.invite(address)


@pytest.mark.parametrize(
    "address", ["\u0430da@example.com", "ad\u200ba@example.com", "ada@example.com\r\nBcc: e@x.y", "x"]
)
def test_an_address_that_only_looks_like_one_is_refused(owned: Host, address: str) -> None:
    before = contents(owned.database)

    with pytest.raises(InvalidValue):
        owned.invite(address)

    assert contents(owned.database) == before


def test_whoever_was_imported_is_invited_on_request(owned: Host) -> None:
    with owned.acting() as ctx:
        imported = users.create_user(
            ctx,
            made_by_hand({"userName": "grace@example.com", "emails": [{"value": "grace@example.com"}]}),
            status=UserStatus.INVITED,
            origin=Origin.IMPORT,
        )
    assert owned.pending() == []

    made = owned.invite()
    assert made.user.id == imported.id
    owned.revoke()
    assert owned.user(imported.id).status == "invited"
    owned.accept(owned.invite().link)
    assert owned.user(imported.id).status == "active"


def test_an_invitation_takes_a_seat_and_gives_it_back(owned: Host) -> None:
    with owned.acting() as ctx:
        ctx.org.seats = 2
    owned.invite()
    with pytest.raises(NoSeatLeft):
        owned.invite("linus@example.com")

    owned.revoke()

    assert owned.invite("linus@example.com")


def test_a_seat_that_is_gone_leaves_the_link_good(owned: Host) -> None:
    with owned.acting() as ctx:
        ctx.org.seats = 1
        change_settings(ctx, invited_users_take_seats=False)
    made = owned.invite()

    with pytest.raises(NoSeatLeft):
        owned.accept(made.link)
    with owned.acting() as ctx:
        ctx.org.seats = 2

    assert owned.accept(made.link)


# Ending


def test_a_link_works_once(owned: Host) -> None:
    made = owned.invite()
    owned.accept(made.link)

    assert why(lambda: owned.accept(made.link)) == "accepted"
    assert why(lambda: owned.look_at(made.link)) == "accepted"
    assert owned.pending() == []


def test_a_link_works_for_seven_days(owned: Host) -> None:
    made = owned.invite()
    last = days(7) - timedelta(seconds=1)

    assert owned.look_at(made.link, last).email == "grace@example.com"
    assert why(lambda: owned.look_at(made.link, days(7))) == "expired"
    assert why(lambda: owned.accept(made.link, now=days(7))) == "expired"
    assert owned.pending(days(7)) == ["grace@example.com"]
    assert owned.accept(made.link, now=last)


def test_a_link_that_is_sent_again_is_a_new_one_and_the_earlier_one_ends(owned: Host) -> None:
    first = owned.invite()
    second = owned.resend(now=days(8))

    assert first.link != second.link
    assert why(lambda: owned.accept(first.link, now=days(8))) == "replaced"
    assert owned.accept(second.link, now=days(14))


def test_a_message_that_is_still_to_leave_does_not_once_its_link_is_over(owned: Host) -> None:
    owned.invite()
    second = owned.resend()
    owned.invite("linus@example.com")
    owned.revoke("linus@example.com")

    outbox.deliver(owned.database, owned.settings, lambda: NOW)

    [message] = in_folder()
    assert second.link in plain(message)


@pytest.mark.parametrize("end", [lifecycle.deactivate_user, lifecycle.delete_user])
def test_a_message_that_is_still_to_leave_does_not_once_its_reader_is_shut_out(
    owned: Host, end: Callable[..., Any]
) -> None:
    made = owned.invite()
    with owned.acting() as ctx:
        end(ctx, users.get_user_to_change(ctx, made.user.id))

    outbox.deliver(owned.database, owned.settings, lambda: NOW)

    assert in_folder() == []


def test_a_revoked_invitation_ends_with_the_user_it_was_to_make(owned: Host) -> None:
    made = owned.invite()

    owned.revoke()

    assert why(lambda: owned.accept(made.link)) == "revoked"
    assert owned.user(made.user.id).status == "deleted"
    assert owned.pending() == []
    with pytest.raises(NotFound):
        owned.revoke()
    assert owned.invite().user.id != made.user.id


@pytest.mark.parametrize("end", [lifecycle.deactivate_user, lifecycle.delete_user])
def test_a_link_ends_with_its_user_and_stays_so(owned: Host, end: Callable[..., Any]) -> None:
    made = owned.invite()
    with owned.acting() as ctx:
        end(ctx, users.get_user_to_change(ctx, made.user.id))

    assert why(lambda: owned.accept(made.link)) == "revoked"

    if end is lifecycle.deactivate_user:
        with owned.acting() as ctx:
            lifecycle.activate_user(ctx, users.get_user_to_change(ctx, made.user.id))
        assert why(lambda: owned.accept(made.link)) == "revoked"


@pytest.mark.parametrize("guess", ["", "x", "A" * 43, "\ud800", "ä" * 43, "' OR 1=1 --"])
def test_what_is_no_link_is_told_so(owned: Host, guess: str) -> None:
    owned.invite()

    assert why(lambda: owned.look_at(guess)) == "unknown"


def test_the_secret_is_256_random_bits_of_which_the_hash_is_kept(owned: Host) -> None:
    made = [owned.invite(f"user{number}@example.com") for number in range(3)]

    assert len({secret(each.link) for each in made}) == 3
    assert {len(secret(each.link)) for each in made} == {43}  # 32 bytes in Base64
    kept = repr(contents(owned.database))
    for each in made:
        assert secret(each.link) not in kept
        assert secret(each.link) not in repr(each.row)


def test_looking_changes_nothing(owned: Host) -> None:
    made = owned.invite()
    before = contents(owned.database)

    owned.look_at(made.link)

    assert contents(owned.database) == before


# Accepting


def test_somebody_new_gets_an_account_with_their_password(owned: Host) -> None:
    made = owned.invite()
    assert not owned.look_at(made.link).has_account

    accepted = owned.accept(made.link)

    assert (accepted.organization, accepted.lands_in) == ("acme", "acme")
    account = account_of(owned, "grace@example.com")
    assert account is not None
    assert account.email_verified_at == NOW
    assert passwords.is_password(account, PASSWORD)
    grace = owned.user(made.user.id)
    assert (grace.status, grace.account_id, grace.is_owner) == ("active", account.id, False)


@pytest.mark.parametrize("password", [None, "", "short", "password1234", "grace@example.com"])
def test_a_bad_password_changes_nothing_and_uses_nothing_up(owned: Host, password: str | None) -> None:
    made = owned.invite()
    before = contents(owned.database)

    with pytest.raises(InvalidValue):
        owned.accept(made.link, password)

    assert contents(owned.database) == before
    assert owned.accept(made.link)


def test_somebody_with_an_account_accepts_and_keeps_their_password_and_where_they_land(
    owned: Host, globex: Directory
) -> None:
    owned.accept(owned.invite().link)
    other = Host(owned.settings, owned.database, "globex")
    other.with_owner()
    made = other.invite()
    assert other.look_at(made.link).has_account

    accepted = other.accept(made.link, "another-password-altogether-7")

    assert (accepted.organization, accepted.lands_in) == ("globex", "acme")
    account = account_of(owned, "grace@example.com")
    assert passwords.is_password(account, PASSWORD)
    assert not passwords.is_password(account, "another-password-altogether-7")


def test_an_account_without_a_password_is_not_given_one_by_a_link(owned: Host) -> None:
    """Its owner signs in otherwise, and only they say that there is one more way in."""
    with owned.database.writing() as session:
        accounts.provide_account(session, "grace@example.com", NOW)

    owned.accept(owned.invite().link)

    account = account_of(owned, "grace@example.com")
    assert account is not None
    assert account.password_hash is None


def test_whoever_was_let_in_by_hand_can_still_set_up_their_account(owned: Host) -> None:
    made = owned.invite()
    with owned.acting() as ctx:
        lifecycle.activate_user(ctx, users.get_user_to_change(ctx, made.user.id))

    owned.accept(made.link)

    assert owned.user(made.user.id).account_id is not None


def at_once(*attempts: Callable[[], Any]) -> list[Any]:
    """Try from threads that wait for each other first; what was refused is its error."""
    barrier = Barrier(len(attempts))

    def run(attempt: Callable[[], Any]) -> Any:
        barrier.wait(timeout=10)
        try:
            return attempt()
        except DomainError as error:
            return error

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(run, attempts))


def test_of_two_who_accept_at_once_one_does(owned: Host) -> None:
    made = owned.invite()

    found = at_once(*[lambda: owned.accept(made.link)] * 3)

    refused = [each for each in found if isinstance(each, DomainError)]
    assert [each.why for each in refused if isinstance(each, LinkOver)] == ["accepted", "accepted"]
    assert len(found) - len(refused) == 1
    accepted = [each for each in events(owned.database, "acme") if each.action == "invitation.accepted"]
    assert len([each for each in accepted if each.target_id == made.row.id]) == 1


def test_accepting_and_revoking_at_once_leaves_one_of_them_done(owned: Host) -> None:
    for number in range(4):
        email = f"user{number}@example.com"
        made = owned.invite(email)

        accepted, revoked = at_once(lambda: owned.accept(made.link), lambda: owned.revoke(email))  # noqa: B023

        status = owned.user(made.user.id).status
        if isinstance(accepted, LinkOver):
            assert (accepted.why, status) == ("revoked", "deleted")
        else:
            assert isinstance(revoked, NotFound)
            assert status == "active"


def test_of_two_who_send_again_at_once_the_later_link_works(owned: Host) -> None:
    owned.invite()

    made = at_once(owned.resend, owned.resend)

    assert len([row for row in owned.rows() if row.ended_at is None]) == 1
    results = [_outcome(owned, each.link) for each in made]
    assert sorted(results) == ["open", "replaced"]


def _outcome(host: Host, link: str) -> str:
    try:
        host.look_at(link)
    except LinkOver as error:
        return error.why
    return "open"


def test_of_two_who_invite_the_same_person_at_once_one_does(owned: Host) -> None:
    found = at_once(*[owned.invite] * 3)

    assert len([each for each in found if isinstance(each, UserNameTaken | NotAllowed)]) == 2
    assert owned.pending() == ["grace@example.com"]


def test_every_step_is_an_event(owned: Host) -> None:
    begun = len(events(owned.database, "acme"))
    first = owned.invite()
    second = owned.resend()
    owned.accept(second.link)
    third = owned.invite("linus@example.com")
    owned.revoke("linus@example.com")

    told = [each for each in events(owned.database, "acme")[begun:] if each.action.startswith("invitation.")]

    assert [(each.action, each.target_id, each.details["user"]) for each in told] == [
        ("invitation.created", first.row.id, str(first.user.id)),
        ("invitation.resent", second.row.id, str(first.user.id)),
        ("invitation.accepted", second.row.id, str(first.user.id)),
        ("invitation.created", third.row.id, str(third.user.id)),
        ("invitation.revoked", third.row.id, str(third.user.id)),
    ]
    accepted = told[2]
    assert (accepted.actor_kind, accepted.actor_id) == ("user", first.user.id)
    assert told[0].changes == {"email": [None, "grace@example.com"]}


def test_one_organizations_invitations_are_nothing_to_another(owned: Host, globex: Directory) -> None:
    other = Host(owned.settings, owned.database, "globex")
    other.with_owner()
    made = owned.invite()

    with pytest.raises(NotFound):
        other.revoke()
    with pytest.raises(NotFound):
        other.resend()
    assert other.pending() == []
    assert other.invite().user.id != made.user.id
    owned.accept(made.link)
    with owned.database.reading() as session:
        of_globex = session.scalars(
            select(User).where(User.org_id != made.user.org_id, User.user_name_key == folded("grace@example.com"))
        ).one()
    assert of_globex.status == "invited"


def test_purging_a_user_takes_the_invitations_along(owned: Host) -> None:
    owned.invite()
    owned.revoke()
    with owned.database.writing() as session:
        session.delete(session.scalars(select(User).where(User.user_name_key == "grace@example.com")).one())

    assert [row.email for row in owned.rows()] == ["ada@example.com"]
    with owned.database.reading() as session:
        assert session.scalars(select(OutgoingMail.content)).all() == [None]
