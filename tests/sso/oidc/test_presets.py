"""Whom Google and Entra may speak for, however they were set up."""

from dataclasses import replace

from sso.connection import Preset
from sso.errors import Reason
from tests.idp.oidc import PERSON, Provider
from tests.sso.oidc.conftest import SignIn

TENANT, PERSON_ID = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"


def test_google_speaks_for_its_hosted_domains_alone(idp: Provider) -> None:
    """An account without `hd` is somebody's own, made with any address at all."""
    sign_in = SignIn(idp, idp.connection(preset=Preset.GOOGLE, hosted_domains=("acme.example",)))
    assert sign_in.by(person={**PERSON, "hd": "ACME.example"}).email == "ada@acme.example"
    assert sign_in.reason() is Reason.WRONG_HOSTED_DOMAIN
    for domain in ("evil.example", "sub.acme.example", ["acme.example"], ""):
        assert sign_in.reason(person={**PERSON, "hd": domain}) is Reason.WRONG_HOSTED_DOMAIN
    sign_in.idp.userinfo = {"hd": "acme.example"}
    sign_in.idp.userinfo_only = ("email",)
    assert sign_in.reason() is Reason.WRONG_HOSTED_DOMAIN, "it counts only where it is signed"
    sign_in.connection = replace(sign_in.connection, hosted_domains=())
    assert sign_in.reason(person={**PERSON, "hd": "acme.example"}) is Reason.WRONG_HOSTED_DOMAIN


def test_google_is_google_by_whatever_name(idp: Provider) -> None:
    idp.issuer = "https://accounts.google.com"
    sign_in = SignIn(idp, idp.connection(preset=Preset.CUSTOM))
    assert sign_in.reason() is Reason.WRONG_HOSTED_DOMAIN


def test_entra_is_one_tenant_and_its_addresses_are_never_proof(idp: Provider) -> None:
    """nOAuth: whoever administers some tenant writes anybody's address into it, and verifies it."""
    idp.issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    person = {**PERSON, "tid": TENANT, "oid": PERSON_ID}
    for preset in (Preset.ENTRA, Preset.CUSTOM):
        sign_in = SignIn(idp, idp.connection(preset=preset, tenant=TENANT))
        identity = sign_in.by(person=person)
        assert identity.subject == f"{TENANT}:{PERSON_ID}"
        assert (identity.email, identity.email_verified) == ("ada@acme.example", False)
        assert sign_in.reason(person={**person, "tid": PERSON_ID}) is Reason.WRONG_TENANT
        assert sign_in.reason(person={**person, "tid": None}) is Reason.WRONG_TENANT
        assert sign_in.reason(person={**person, "oid": None}) is Reason.NO_SUBJECT
    derived = SignIn(idp, idp.connection(preset=Preset.ENTRA))
    assert derived.by(person=person).subject == f"{TENANT}:{PERSON_ID}", "the issuer names the tenant, too"
    assert derived.reason(person={**person, "tid": PERSON_ID}) is Reason.WRONG_TENANT
