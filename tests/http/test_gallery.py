"""What a gallery asks: how many, which tags, between which days, and boards."""

from tests.servers import Server


def made(server: Server, prompt: str, n: int = 1) -> list[int]:
    return [picture["id"] for picture in server.ended(server.order(prompt, n=n)["id"])["pictures"]]


def count(server: Server, **asked: object) -> int:
    return server.client.get("/api/v1/count", params=asked).json()["count"]


def test_pictures_are_counted_as_they_are_found(server: Server):
    made(server, "a counted kite", 3)
    listed = server.client.get("/api/v1/pictures", params={"text": "counted kite"}).json()
    assert count(server, text="counted kite") == len(listed) == 3
    day = listed[0]["created"][:10]
    assert count(server, text="counted kite", since=f"{day}T00:00:00Z") == 3
    assert count(server, text="counted kite", since=listed[1]["created"]) == 2
    assert count(server, text="counted kite", until="2020-01-01T00:00:00Z") == 0
    listed = server.client.get(
        "/api/v1/pictures", params={"text": "counted kite", "until": listed[1]["created"]}
    ).json()
    assert len(listed) == 1


def test_moments_that_are_none_are_refused(server: Server):
    for moment in ("yesterday", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        assert server.client.get("/api/v1/count", params={"since": moment}).status_code == 422


def test_tags_are_listed_with_how_many_have_them(server: Server):
    first, second = made(server, "a tagged kite", 2)
    server.client.patch(f"/api/v1/pictures/{first}", json={"tags": ["sky", "picked"]})
    server.client.patch(f"/api/v1/pictures/{second}", json={"tags": ["sky"]})
    assert server.client.get("/api/v1/tags", params={"text": "tagged kite"}).json() == {"sky": 2, "picked": 1}


def test_boards_come_and_go_and_hold_pictures(server: Server):
    first, second = made(server, "a boarded kite", 2)
    board = server.client.post("/api/v1/boards", json={"name": "Kites"}).json()
    path = f"/api/v1/boards/{board['id']}"
    assert server.client.post("/api/v1/boards", json={"name": "Kites"}).status_code == 409
    assert server.client.post(f"{path}/pictures", json={"add": [first, second]}).json()["number"] == 2
    assert server.client.post(f"{path}/pictures", json={"remove": [first]}).json()["cover"] == second
    found = server.client.get("/api/v1/pictures", params={"board": board["id"]}).json()
    assert [picture["id"] for picture in found] == [second]
    assert server.client.patch(path, json={"name": "Dragons"}).json()["name"] == "Dragons"
    assert "Dragons" in [one["name"] for one in server.client.get("/api/v1/boards").json()]
    assert server.client.delete(path).status_code == 200
    assert server.client.get(path).status_code == 404
    assert server.client.get("/api/v1/pictures", params={"board": board["id"]}).status_code == 404
    assert server.client.get(f"/api/v1/pictures/{second}").status_code == 200
