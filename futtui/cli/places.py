"""Where futtui keeps its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs


@dataclass(frozen=True, slots=True)
class Places:
    """Folders and files below one home, by default the platform's folder for local application data."""

    home: Path
    chosen: bool = False
    """Whether the user named the home; then nothing is kept elsewhere."""

    @classmethod
    def of(cls, home: Path | None) -> Places:
        """The places below `home`, or below the platform's own folder."""
        if home is not None:
            return cls(home.expanduser().resolve(), chosen=True)
        return cls(Path(PlatformDirs("futtui", appauthor=False).user_data_dir))

    @property
    def database(self) -> Path:
        """Candles, signals and trades of the real market."""
        return self.home / "futtui.db"

    @property
    def exchange_demo_database(self) -> Path:
        """The same of the exchange's own practice host, whose prices are not the real ones."""
        return self.home / "exchange-demo.db"

    @property
    def local_exchange_database(self) -> Path:
        """The same of an exchange on this machine, as `futtui exchange serve`."""
        return self.home / "local-exchange.db"

    @property
    def demo_database(self) -> Path:
        """The same of the newest demo on the embedded exchange; made anew at each start."""
        return self.home / "demo.db"

    @property
    def archive(self) -> Path:
        """Files of the exchange's public archive, laid out as there."""
        return self.home / "archive"

    @property
    def confidence_model(self) -> Path:
        """What `futtui train` has learned."""
        return self.home / "confidence.json"

    @property
    def backtests(self) -> Path:
        """The runs that were made on the screen, with the values of the newest one."""
        return self.home / "backtests"

    @property
    def ban_file(self) -> Path:
        """Until when an exchange wants no requests from this address; honoured after a restart too."""
        return self.home / "exchange-bans.json"

    @property
    def habits(self) -> Path:
        """How the screen was arranged last; deleting it costs nothing else."""
        return self.home / "screen.json"

    def databases(self) -> Iterator[tuple[str, Path]]:
        """Names and paths of all databases, whether they exist or not."""
        yield "real market", self.database
        yield "practice", self.exchange_demo_database
        yield "local exchange", self.local_exchange_database
        yield "demo", self.demo_database

    def rows(self, config: Path | None = None) -> Iterator[tuple[str, Path]]:
        """Names and paths for people, as they are from the current folder with this configuration file."""
        from futtui.config.settings import find_config, load
        from futtui.live.logs import log_folder

        file = find_config(config, self.home)
        logs = log_folder(load(file).settings.logs, self.home, chosen=self.chosen)
        yield "home", self.home
        yield "config", (file or self.home / "config.yaml").absolute()
        yield "database", self.database
        yield "practice", self.exchange_demo_database
        yield "local exchange", self.local_exchange_database
        yield "demo database", self.demo_database
        yield "archive files", self.archive
        yield "trained model", self.confidence_model
        yield "backtests", self.backtests
        yield "bans", self.ban_file
        yield "screen", self.habits
        yield "logs", logs.absolute()
