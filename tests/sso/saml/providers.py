"""The metadata of identity providers, in the shape of each: names, order, noise and all; the certificates are ours."""

from lxml import etree

from tests.idp.keys import make_keys
from tests.idp.saml_xml import sign
from tests.sso.saml.certificates import a_certificate, bare

ONE = bare(a_certificate())
TWO = bare(a_certificate(number=1))
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
TENANT = "8f1b5c1e-8b5a-4f3c-9d7e-2a4b6c8d0e1f"

OKTA = f"""<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor entityID="http://www.okta.com/exk1fcia6d6EmPFEi5d7"
 xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"><md:IDPSSODescriptor WantAuthnRequestsSigned="false"
 protocolSupportEnumeration="{PROTOCOL}"><md:KeyDescriptor use="signing"><ds:KeyInfo
 xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{ONE[:64]}
{ONE[64:]}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleLogoutService
 Binding="{POST}" Location="https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7/slo/saml"/><md:SingleLogoutService
 Binding="{REDIRECT}" Location="https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7/slo/saml"/><md:NameIDFormat
>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat><md:NameIDFormat
>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat><md:SingleSignOnService
 Binding="{POST}" Location="https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7/sso/saml"/><md:SingleSignOnService
 Binding="{REDIRECT}" Location="https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7/sso/saml"/></md:IDPSSODescriptor>
</md:EntityDescriptor>"""

_KEY = """<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
<X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"""
_WS_FEDERATION = f"""<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" xsi:type="fed:{{}}"
 protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">{_KEY.format(TWO)}
<fed:ClaimTypesOffered><auth:ClaimType xmlns:auth="http://docs.oasis-open.org/wsfed/authorization/200706"
 Uri="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"><auth:DisplayName>Name</auth:DisplayName>
<auth:Description>The mutable display name of the user.</auth:Description></auth:ClaimType></fed:ClaimTypesOffered>
<fed:PassiveRequestorEndpoint><wsa:EndpointReference xmlns:wsa="http://www.w3.org/2005/08/addressing"><wsa:Address
>https://login.microsoftonline.com/{TENANT}/wsfed</wsa:Address></wsa:EndpointReference></fed:PassiveRequestorEndpoint>
</RoleDescriptor>"""
_SAML2 = f"https://login.microsoftonline.com/{TENANT}/saml2"


def signed(xml: str, signer: str = "metadata") -> str:
    """The same, signed, and by nobody else any more."""
    root = etree.fromstring(xml)
    for signature in root.findall("{http://www.w3.org/2000/09/xmldsig#}Signature"):
        root.remove(signature)
    sign(root, make_keys(signer))
    return etree.tostring(root, encoding="unicode")


ENTRA = "\ufeff<?xml version='1.0' encoding='utf-8'?>" + signed(
    f"""<EntityDescriptor ID="_0a1b2c3d-1" entityID="https://sts.windows.net/{TENANT}/"
 xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{_WS_FEDERATION.format("SecurityTokenServiceType")}
{_WS_FEDERATION.format("ApplicationServiceType")}<IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">
{_KEY.format(ONE)}<SingleLogoutService Binding="{REDIRECT}" Location="{_SAML2}"/>
<SingleSignOnService Binding="{REDIRECT}" Location="{_SAML2}"/>
<SingleSignOnService Binding="{POST}" Location="{_SAML2}"/>
</IDPSSODescriptor></EntityDescriptor>"""
)
WS_FEDERATION_ONLY = f"""<EntityDescriptor entityID="https://sts.windows.net/{TENANT}/"
 xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{_WS_FEDERATION.format("SecurityTokenServiceType")}</EntityDescriptor>"""

GOOGLE = f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://accounts.google.com/o/saml2?idpid=C01"
 validUntil="2031-03-15T09:24:05.000Z">
  <md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="{PROTOCOL}">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data><ds:X509Certificate>{ONE}</ds:X509Certificate></ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
    <md:SingleSignOnService Binding="{REDIRECT}" Location="https://accounts.google.com/o/saml2/idp?idpid=C01"/>
    <md:SingleSignOnService Binding="{POST}" Location="https://accounts.google.com/o/saml2/idp?idpid=C01"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"""

ONELOGIN = f"""<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://app.onelogin.com/saml/metadata/70f84e24">
  <IDPSSODescriptor xmlns:ds="http://www.w3.org/2000/09/xmldsig#" protocolSupportEnumeration="{PROTOCOL}">
    <KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data>
          <ds:X509Certificate>{ONE}</ds:X509Certificate>
        </ds:X509Data>
      </ds:KeyInfo>
    </KeyDescriptor>
    <SingleLogoutService Binding="{REDIRECT}" Location="https://acme.onelogin.com/trust/saml2/http-redirect/slo/1755697"/>

      <NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</NameIDFormat>

    <SingleSignOnService Binding="{REDIRECT}" Location="https://acme.onelogin.com/trust/saml2/http-redirect/sso/70f84e24"/>
    <SingleSignOnService Binding="{POST}" Location="https://acme.onelogin.com/trust/saml2/http-post/sso/70f84e24"/>
    <SingleSignOnService Binding="{SOAP}" Location="https://acme.onelogin.com/trust/saml2/soap/sso/70f84e24"/>
  </IDPSSODescriptor>
</EntityDescriptor>
"""

JUMPCLOUD = f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="JumpCloud">
<md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="{PROTOCOL}">
<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
<ds:X509Certificate>{ONE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:NameIDFormat
>urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified</md:NameIDFormat><md:SingleSignOnService
 Binding="{POST}" Location="https://sso.jumpcloud.com/saml2/acme"/></md:IDPSSODescriptor></md:EntityDescriptor>"""

PINGONE = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<md:EntityDescriptor entityID="https://auth.pingone.eu/{TENANT}" ID="_d1" cacheDuration="PT1440M"
 xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
  <md:IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}" WantAuthnRequestsSigned="true">
    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data>
      <ds:X509Certificate>{ONE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleLogoutService Location="https://auth.pingone.eu/{TENANT}/saml20/idp/slo" Binding="{REDIRECT}"/>
    <md:SingleLogoutService Location="https://auth.pingone.eu/{TENANT}/saml20/idp/slo" Binding="{POST}"/>
    <md:SingleSignOnService Location="https://auth.pingone.eu/{TENANT}/saml20/idp/sso" Binding="{POST}"/>
    <md:SingleSignOnService Location="https://auth.pingone.eu/{TENANT}/saml20/idp/sso" Binding="{REDIRECT}"/>
    <saml:Attribute NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic" Name="user.locale"
      xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"""

_REALM = "https://keycloak.acme.example/realms/acme"
KEYCLOAK = f"""<md:EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
 xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
 xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{_REALM}">
<md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="{PROTOCOL}">
<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:KeyName>SO1zm7gOpX2x</ds:KeyName><ds:X509Data><ds:X509Certificate>
{ONE}
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:KeyName>aFq0Z1Qe0GmN</ds:KeyName><ds:X509Data><ds:X509Certificate>
{TWO}
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:ArtifactResolutionService Binding="{SOAP}" Location="{_REALM}/protocol/saml/resolve" index="0"/>
<md:SingleLogoutService Binding="{POST}" Location="{_REALM}/protocol/saml"/>
<md:SingleLogoutService Binding="{REDIRECT}" Location="{_REALM}/protocol/saml"/>
<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" Location="{_REALM}/protocol/saml"/>
<md:SingleLogoutService Binding="{SOAP}" Location="{_REALM}/protocol/saml"/>
<md:NameIDFormat>
  urn:oasis:names:tc:SAML:2.0:nameid-format:persistent
</md:NameIDFormat>
<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
<md:SingleSignOnService Binding="{POST}" Location="{_REALM}/protocol/saml"/>
<md:SingleSignOnService Binding="{REDIRECT}" Location="{_REALM}/protocol/saml"/>
<md:SingleSignOnService Binding="{SOAP}" Location="{_REALM}/protocol/saml"/>
</md:IDPSSODescriptor></md:EntityDescriptor>"""
KEYCLOAK_OF_OLD = f"""<EntitiesDescriptor Name="urn:keycloak" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
{KEYCLOAK}</EntitiesDescriptor>"""

_ENCRYPTION = _KEY.replace("signing", "encryption").format(TWO)
ADFS = signed(
    f"""<EntityDescriptor ID="_9f8e7d6c-2" entityID="http://adfs.acme.example/adfs/services/trust"
 xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{_WS_FEDERATION.format("ApplicationServiceType")}
{_WS_FEDERATION.format("SecurityTokenServiceType")}
<SPSSODescriptor WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}">{_ENCRYPTION}
{_KEY.format(TWO)}<AssertionConsumerService Binding="{POST}" Location="https://adfs.acme.example/adfs/ls/" index="0"/>
</SPSSODescriptor><IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">{_ENCRYPTION}
{_KEY.format(ONE)}<SingleLogoutService Binding="{REDIRECT}" Location="https://adfs.acme.example/adfs/ls/"/>
<SingleLogoutService Binding="{POST}" Location="https://adfs.acme.example/adfs/ls/"/>
<NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</NameIDFormat>
<NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>
<SingleSignOnService Binding="{REDIRECT}" Location="https://adfs.acme.example/adfs/ls/"/>
<SingleSignOnService Binding="{POST}" Location="https://adfs.acme.example/adfs/ls/"/>
<Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress" FriendlyName="E-Mail Address"
 NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>
</IDPSSODescriptor><ContactPerson contactType="support"><GivenName>IT</GivenName></ContactPerson></EntityDescriptor>"""
)

SIMPLESAMLPHP = f"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
 entityID="https://idp.acme.example/simplesaml/saml2/idp/metadata.php">
  <md:IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">
    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data>
      <ds:X509Certificate>{ONE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:KeyDescriptor use="encryption"><ds:KeyInfo><ds:X509Data>
      <ds:X509Certificate>{ONE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleLogoutService Binding="{REDIRECT}"
      Location="https://idp.acme.example/simplesaml/saml2/idp/SingleLogoutService.php"
      ResponseLocation="https://idp.acme.example/simplesaml/saml2/idp/LogoutResponse.php"/>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>
    <md:SingleSignOnService Binding="{REDIRECT}"
      Location="https://idp.acme.example/simplesaml/saml2/idp/SSOService.php"/>
  </md:IDPSSODescriptor>
  <md:ContactPerson contactType="technical"><md:SurName>Administrator</md:SurName></md:ContactPerson>
</md:EntityDescriptor>
"""

_SHIBBOLETH = "https://idp.acme.example/idp/profile/SAML2"
SHIBBOLETH = f"""<?xml version="1.0" encoding="UTF-8"?>
<!--
     This is example metadata only. Do *NOT* supply it as is without review.
-->
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
 xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" entityID="https://idp.acme.example/idp/shibboleth">
  <IDPSSODescriptor
   protocolSupportEnumeration="{PROTOCOL} urn:oasis:names:tc:SAML:1.1:protocol urn:mace:shibboleth:1.0">
    <Extensions><shibmd:Scope regexp="false">acme.example</shibmd:Scope>
    <!-- Fill in the details for your IdP here --></Extensions>
    <!-- First signing certificate is BackChannel, the Second is FrontChannel-->
    <KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
{TWO}
    </ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>
    <KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
{ONE}
    </ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>
    <ArtifactResolutionService Binding="{SOAP}" Location="https://idp.acme.example:8443/idp/soap" index="2"/>
    <!--
    <SingleLogoutService Binding="{REDIRECT}" Location="{_SHIBBOLETH}/Redirect/SLO"/>
    -->
    <SingleSignOnService Binding="urn:mace:shibboleth:1.0:profiles:AuthnRequest"
      Location="https://idp.acme.example/idp/Shibboleth/SSO"/>
    <SingleSignOnService Binding="{POST}" Location="{_SHIBBOLETH}/POST/SSO"/>
    <SingleSignOnService Binding="{REDIRECT}" Location="{_SHIBBOLETH}/Redirect/SSO"/>
  </IDPSSODescriptor>
</EntityDescriptor>
"""

SP_ONLY = f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://app.example">
<md:SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"><md:AssertionConsumerService index="0" Binding="{POST}"
 Location="https://app.example/acs"/></md:SPSSODescriptor></md:EntityDescriptor>"""


def in_a_list(*entities: str) -> str:
    """A document of several entities."""
    bodies = "".join(entity.removeprefix('<?xml version="1.0" encoding="UTF-8"?>') for entity in entities)
    return f'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{bodies}</EntitiesDescriptor>'


# Addresses that no browser of ours is sent to.
UNSAFE = [
    "javascript:alert(1)",
    "JavaScript:alert(1)//https://",
    "data:text/html,x",
    "file:///etc/passwd",
    "ftp://idp.example.com/",
    "http://idp.example.com/sso",
    "//idp.example.com/sso",
    "/sso",
    "",
    "https://",
    "https:///sso",
    "https:idp.example.com",
    "https://user@idp.example.com/",
    "https://user:password@idp.example.com/",
    "https://idp.example.com\\@evil.example/",
    "https://idp.example.com/a b",
    "https://idp.example.com/&#10;Set-Cookie:a",
    "https://idp.example.com/&#x202e;",
    "https://idp.example.com/&quot;onclick=&quot;x",
    "https://idp.example.com/&lt;script&gt;",
    "https://idp.example.com/#fragment",
    "https://idp.example.com:99999/",
    "https://idp.example.com:0/",
    "https://[::1/",
    "https://idp.\u212aeycloak.example/",
    "https://login.microsoftonline.com/{tenantid}/saml2",
    "https://idp.example.com/" + "x" * 2000,
]
