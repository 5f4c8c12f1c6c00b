from typing import Any

from django_scim.adapters import SCIMGroup


class GroupWithMembers(SCIMGroup):
    """django-scim2 passes over the members of a group that is created: there would be no fast way to a large one."""

    def from_dict(self, d: dict[str, Any]) -> None:
        super().from_dict(d)
        self._ids = [int(member["value"]) for member in d.get("members", ())]

    def save(self) -> None:
        super().save()
        if hasattr(self, "_ids"):
            self.obj.user_set.set(self._ids)
