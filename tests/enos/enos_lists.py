"""Lists that the small gateway pages through, with each habit in which the vendor's pages differ."""

from dataclasses import dataclass, field

from enos_gateway import ok, told


def row(number, **more):
    return {
        "instanceId": f"{2000 + number}-20261121120000",
        "flowId": 2000 + number,
        "flowName": f"flow {number}",
        "status": -1,
        "triggerTime": "2026-11-21 12:00:00",
        "graph": '{"tasks": []}',
        **more,
    }


@dataclass
class Lists:
    """``instances`` by scheduling type. Sorting is by position: the first is the newest."""

    instances: dict = field(default_factory=dict)
    flows: list = field(default_factory=list)
    base: int = 1
    below: str = "refuse"  # what a page before the first is: refuse, clamp, empty, break
    above: str = "empty"  # what a page after the last is: empty, clamp
    most: int = 1000  # a page is never larger
    count: str = "page"  # or total
    sorts: tuple = ("create_time", "update_time", "start_time", "trigger_time", "end_time")
    sort_error: str = "illegal sorted by field"
    empty_status: str = "all"  # or none
    envelope: object = staticmethod(lambda found: found)
    before: object = staticmethod(lambda body: None)  # called before each answer; may answer instead

    def search(self, query, body):
        instead = self.before(body)
        if instead is not None:
            return instead
        for sorter in body["pagination"].get("sorters", []):
            if sorter["field"] not in self.sorts:
                return told(62102, self.sort_error)
        if "type" not in body:
            return self._flows(body)
        rows = self.instances.get(body["type"], [])
        if body["status"]:
            rows = [each for each in rows if str(each["status"]) in body["status"].split(",")]
        elif self.empty_status == "none":
            rows = []
        if body["expression"]:
            rows = [each for each in rows if body["expression"] in each["instanceId"] + each["flowName"]]
        page = self._page(rows, body["pagination"])
        if not isinstance(page, list):
            return page
        count = len(rows) if self.count == "total" else len(page)
        return ok(self.envelope({"flowInsts": page, "count": count}))

    def _flows(self, body):
        rows = [each for each in self.flows if body["expression"] in each["flowName"]]
        page = self._page(rows, body["pagination"])
        return ok(page) if isinstance(page, list) else page

    def _page(self, rows, pagination):
        size = min(pagination["pageSize"], self.most)
        index = pagination["pageNo"] - self.base
        if index < 0:
            if self.below == "refuse":
                return told(62102, "pageNo must be greater than 0")
            if self.below == "break":
                return told(62109, "Internal server exception")
            if self.below == "empty":
                return []
            index = 0
        if index * size >= len(rows) and self.above == "clamp" and rows:
            index = (len(rows) - 1) // size
        return rows[index * size : (index + 1) * size]
