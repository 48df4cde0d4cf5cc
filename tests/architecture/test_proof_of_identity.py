"""Which changes ask people to prove again who they are: declared at the route, and every writing route is looked at."""

import re

import pytest

from ocpp_css.assembly import find_areas
from ocpp_css.edge.permissions import NEEDS, PROOF

AREAS = {"people/access", "people/accounts"}
WITH_PROOF = {
    "GET /console/me/address",
    "GET /console/people/~invite",
    "GET /console/settings/api-keys/new",
    "DELETE /api/v1/users/{user_id}",
    "PATCH /api/v1/users/{user_id}",
    "POST /api/v1/api-keys",
    "POST /api/v1/users",
    "POST /console/me/address",
    "POST /console/me/security/codes",
    "POST /console/me/security/factor",
    "POST /console/me/security/factor/confirm",
    "POST /console/me/security/factor/remove",
    "POST /console/people/{user_id}",
    "POST /console/people/{user_id}/remove",
    "POST /console/people/~invite",
    "POST /console/settings/api-keys",
}
"""Who may do what, how one is known, and where codes go."""
WITHOUT = {
    "DELETE /api/v1/api-keys/{key_id}": "takes a right away, which must be quick",
    "POST /console/settings/api-keys/{key_id}/revoke": "the same",
    "DELETE /api/v1/invitations/{invitation_id}": "takes an offer back",
    "POST /console/people/~invitations/{invitation_id}/withdraw": "the same",
    "POST /api/v1/invitations/{invitation_id}/resend": "a letter to the address that was invited with a proof",
    "POST /console/people/~invitations/{invitation_id}/resend": "the same",
    "DELETE /api/v1/users/{user_id}/sessions": "ends what was signed in, which must be quick",
    "POST /console/people/{user_id}/sessions/end": "the same",
    "POST /console/me/accounts/{account_id}/leave": "takes one's own right away",
    "POST /console/me/address/{token}": "asked for with a proof, and the code lives ten minutes",
    "POST /console/me/password": "asks for the password itself",
    "POST /console/me/prove": "is the proof",
    "POST /console/me/sessions/{session_id}/end": "takes a right away, which must be quick",
    "POST /console/me/sessions/end-others": "the same",
    "POST /console/account/{account_id}": "looks at another account of one's own",
    "PATCH /api/v1/me": "name, language, contact: nobody is known by them",
    "POST /console/me": "the same",
    "POST /console/me/picture": "the same",
    "POST /console/me/picture/remove": "the same",
}


def declared() -> dict[str, str | bool]:
    """What each route for people who signed in says, by verb and path."""
    return {
        f"{verb} {re.sub(r':[a-z]+}', '}', path)}": handler.opt.get(PROOF, False)
        for area in find_areas("ocpp_css")
        if area.name in AREAS
        for handler in area.routes
        if NEEDS in handler.opt
        for path in handler.paths
        for verb in handler.http_methods
    }


@pytest.mark.trust("I7")
def test_every_change_of_access_declares_a_proof_or_says_why_not() -> None:
    found = declared()
    assert {route for route, proof in found.items() if proof} == WITH_PROOF
    assert {route for route in found if not route.startswith("GET ")} - WITH_PROOF == WITHOUT.keys()


def test_who_proved_comes_back_to_a_page_that_there_is() -> None:
    found = declared()
    backs = {route: back for route, back in found.items() if isinstance(back, str)}
    assert {route for route, back in backs.items() if f"GET {back}" not in found} == set()
    assert {
        route
        for route, back in backs.items()
        if not set(re.findall(r"\{(\w+)}", back)) <= set(re.findall(r"\{(\w+)}", route))
    } == set()
