def test_the_description_is_openapi_3_1_with_its_permissions_and_problems(client):
    schema = client.get("/docs/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert all(path.startswith("/api/") for path in schema["paths"])
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert schema["components"]["schemas"]["Thing"]["additionalProperties"] is False
    adding = schema["paths"]["/api/v1/things"]["post"]
    assert "things:write" in adding["description"]
    assert "application/problem+json" in adding["responses"]["422"]["content"]
    assert schema["paths"]["/api/v1/ping"]["get"]["security"] == []


def test_the_description_has_no_dangling_reference(client):
    import json
    import re

    schema = client.get("/docs/openapi.json").json()
    wanted = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(schema)))
    assert wanted <= set(schema["components"]["schemas"])


def test_the_page_takes_everything_from_here(client):
    page = client.get("/docs/").text
    assert "http://" not in page
    assert "https://" not in page
    assert "<script>" not in page
    assert "<style" not in page
