"""Other SCIM servers, each started as its own documentation does, with as many processes as make it fastest.

scimgateway is not among them: npm knew no package of that name (404) when the others were chosen, in November 2026.
"""

from benchmarks.peers import canaille, django_scim2, saml_jackson, scim2_server, scimmy
from benchmarks.targets import Peer

ALL: tuple[Peer, ...] = (*scim2_server.PEERS, django_scim2.PEER, canaille.PEER, scimmy.PEER, saml_jackson.PEER)
