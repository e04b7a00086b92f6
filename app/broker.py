"""A Celery broker without a server: messages are files in a folder, `folders://localhost/path`.

This is kombu's filesystem transport with three changes. One folder holds its four folders. It is
polled twenty times a second. A message is written in another folder and then renamed, because
kombu writes it where workers read, and a worker could read half a message.
"""

import uuid
from pathlib import Path
from time import monotonic_ns

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """A process's channel to the folder."""

    @property
    def folder(self) -> Path:
        """The folder in the URL."""
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
    """The transport for URLs that start with `folders://`."""

    Channel = Channel
    polling_interval = 0.05


TRANSPORT_ALIASES["folders"] = f"{__name__}:Transport"
