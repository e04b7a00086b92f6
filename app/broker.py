"""A broker that needs no server: messages are files in a folder, `folders://localhost/path/of/it`.

kombu's filesystem transport, with its four folders in one, looked into twenty times a second,
and with messages that appear whole: kombu writes one in the place where a worker looks, and
a worker that looks at that moment reads half of it.
"""

import uuid
from pathlib import Path
from time import monotonic_ns

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """One process's way to the folder."""

    @property
    def folder(self) -> Path:
        """What the URL names."""
        return Path("/", self.connection.client.virtual_host)

    def _folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def data_folder_in(self):
        return self._folder("messages")

    data_folder_out = data_folder_in

    @property
    def control_folder(self):
        return self._folder("queues")

    def _put(self, queue, payload, **kwargs):
        name = f"{monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        draft = self._folder("drafts") / name
        draft.write_text(dumps(payload), encoding="utf-8")
        draft.rename(self.data_folder_out / name)


class Transport(filesystem.Transport):
    """The scheme `folders://`."""

    Channel = Channel
    polling_interval = 0.05


TRANSPORT_ALIASES["folders"] = f"{__name__}:Transport"
