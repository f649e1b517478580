"""Fetch a model's folder from a model hub, by huggingface_hub: at one commit, going on where an earlier try stopped.

Only configs, tokenizers and safetensors are fetched; other formats can run code. Each file is checked by what the hub
says of it. The commit is the card's, or the newest at the first pull; it is written down before anything large comes,
and every later pull is of that very one, until the model is removed. HF_ENDPOINT names another hub or a mirror,
HF_TOKEN is one's key to it.
"""

import fnmatch
import hashlib
import io
import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sfumato.core.card import About, Card
from sfumato.core.errors import CannotWrite, JobFailed, MissingPackage, RequestError
from sfumato.core.listing import Listing
from sfumato.core.wording import LONG, cause, shown
from sfumato.weights.digests import sha256_of
from sfumato.weights.fetch import alone
from sfumato.weights.models import ENDINGS, INDEX, WEIGHTS, Known, Models, Record
from sfumato.weights.sources import Told
from sfumato.weights.sources.hub import HUB, endpoint

SHARDS = ".safetensors.index.json"  # says which of several files holds what
NOT_PAINTED_WITH = frozenset({"safety_checker", "feature_extractor", "image_encoder"})
"""Parts that a family of ours does without; a whole pipeline gets them."""

FREE = frozenset({"Apache-2.0", "MIT"})
"""Licences that ask for no more than to be kept with what is passed on."""

SPARE = 2**30  # bytes left over on the disk


def pull_model(card: About, models: Models, told: Told, *, accept: bool = False) -> Path:
    """Have all of a model's files in its folder, and return it; what is there and right stays.

    accept: that its licence was read. RequestError where it was not, or where the hub wants an account; JobFailed where
    the hub cannot be reached or sends something else; CannotWrite where there is no room.
    """
    check_licence(card, accept or models.recorded(card.name).accepted)
    place = models.place(card.name)
    with _told_to_people(card, place):
        place.mkdir(parents=True, exist_ok=True)
        with alone(place.with_name(f".{place.name}.lock"), card.name):
            before = models.recorded(card.name)
            whole = _Repository(card, place, told, pinned(card, before))
            parts = _parts(card, place, told, before)
            commits = {part.name: part.commit for part in parts}
            models.record(card.name, begun(card, before, whole.commit, commits))
            wanted = [(source, name) for source in (whole, *parts) for name in source.wanted()]
            _check_room(card, place, sum(source.size(name) for source, name in wanted if not source.has(name)))
            known = tuple(_known(source.fetch(name), source.inside + name) for source, name in wanted)
            record = begun(card, Record(), whole.commit, commits).model_copy(update={"files": known})
            models.record(card.name, record)
            for source in (whole, *parts):
                source.tidy()
    return place


def _parts(card: About, place: Path, told: Told, before: Record) -> "list[_Part]":
    """What of a model lies in other repositories; parts out of the same one are of the same commit."""
    parts: list[_Part] = []
    commits = dict(before.elsewhere)
    for name, one in card.elsewhere.items():
        part = _Part(card, name, place, told, one.revision or commits.get(one.repository))
        commits[one.repository] = part.commit
        parts.append(part)
    return parts


def pinned(card: About, record: Record) -> str | None:
    """The commit to pull: the card's, or the one that an earlier pull got; None: the newest."""
    return card.revision or (record.revision if record.repository == card.repository else None)


def begun(card: About, before: Record, commit: str, elsewhere: Mapping[str, str]) -> Record:
    """What is written down of a pull that has not ended. Files of another commit are no longer what should be there."""
    same = (before.repository, before.revision, before.elsewhere) == (card.repository, commit, elsewhere)
    return Record(
        repository=card.repository, revision=commit, elsewhere=dict(elsewhere), accepted=True,
        files=before.files if same else (),
    )  # fmt: skip


def check_licence(card: About, accepted: bool) -> None:
    """RequestError with the name and place of each licence, once, where one asks for more than to be kept."""
    asking = dict(_licences(card))
    if accepted or not asking:
        return
    said = ", and ".join(f"{licence}; read it at {HUB}/{repository}" for repository, licence in asking.items())
    raise RequestError(f"{card.name} {said}, then sfumato pull {card.name} --accept")


def _licences(card: About) -> Iterator[tuple[str, str]]:
    """(repository, what is to be said of its licence) of those that ask for more than to be kept."""
    note = f" ({card.licence_note})" if card.licence_note else ""
    if card.licence not in FREE or card.gated:
        use = "" if card.commercial else ", not for commercial use"
        yield str(card.repository), f"is under a licence of its own: {card.licence}{use}{note}"
        note = ""
    for one in card.elsewhere.values():
        if one.licence not in FREE or one.gated:
            yield one.repository, f"has a part under a licence of its own: {one.licence}{note}"


def listed_files(model: str, repository: str, takes: Collection[str], files: Collection[str]) -> list[str]:
    """Names of the files that are taken of a repository; JobFailed where there is none for one of them."""
    safe = [name for name in files if Path(name).suffix in ENDINGS]
    found = {name: fnmatch.filter(safe, name) for name in takes}
    if missing := [name for name, names in found.items() if not names]:
        raise JobFailed(
            f"{model}: {repository} has no {missing[0]} any more, and other formats can run code and "
            f"are not fetched: look at {HUB}/{repository} for what came in its place"
        )
    return sorted({name for names in found.values() for name in names})


def parts_in_files(place: Path) -> Collection[str] | None:
    """Parts whose weights lie in files of one's own beside their folders; None: all do."""
    if (place / "checkpoint.safetensors").is_file():
        return None
    return {path.stem for path in place.iterdir() if path.suffix in WEIGHTS}


def chosen_files(
    card: About, files: Collection[str], index: Mapping[str, Any], here: Collection[str] | None = ()
) -> list[str]:
    """Names of what is fetched: the index, and of each part that it names the configs and plain safetensors.

    here: parts whose weights are not needed; None: none are.
    """
    named = {name for name, entry in index.items() if isinstance(entry, list) and entry and entry[0]}
    named -= card.elsewhere.keys()
    whole = not isinstance(card, Card) or card.family == "pipeline"
    parts = named if whole else named - NOT_PAINTED_WITH
    inside = {part: [name for name in files if name.startswith(f"{part}/") and name.count("/") == 1] for part in parts}
    wanted = {part: [name for name in names if _is_plain(name)] for part, names in inside.items()}
    for part, names in inside.items():
        if here is None or part in here:
            wanted[part] = [name for name in wanted[part] if Path(name).suffix not in WEIGHTS]
            continue
        other = next((name for name in names if name.endswith((".safetensors", ".bin", ".ckpt", ".pt"))), None)
        if other and not any(name.endswith(".safetensors") for name in wanted[part]):
            raise JobFailed(
                f"{card.name}: {card.repository} has no plain safetensors for its {part}, only {shown(other)}; "
                f"other formats can run code and are not fetched: convert it, and put it into its folder by hand"
            )
    return sorted({INDEX, *(name for names in wanted.values() for name in names)})


def _is_inside(name: str) -> bool:
    """Whether a file of this name stays in the model's folder, whatever a hub says."""
    return not {"", ".", ".."} & set(name.split("/")) and "\\" not in name and ":" not in name


def _is_plain(name: str) -> bool:
    """Of a kind that is read, and no variant in other numbers, as `model.fp16.safetensors`."""
    file = name.rpartition("/")[2]
    stem = file.removesuffix(SHARDS) if file.endswith(SHARDS) else Path(file).stem
    return Path(file).suffix in ENDINGS and "." not in stem.partition("-")[0]


class _Repository:
    """A repository at one commit. files: names of what is in it. inside: what precedes them in the model's folder.

    stated: the commit that the card states.
    """

    inside = ""

    def __init__(self, card: About, place: Path, told: Told, revision: str | None, name: str | None = None):
        """name: of the repository; None: the card's own."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import RevisionNotFoundError
        from huggingface_hub.utils import logging

        logging.set_verbosity_error()  # what it would say of a second try, it raises if that fails too
        self._card, self._place, self._told, self.name = card, place, told, name or str(card.repository)
        self.stated = card.elsewhere[self.inside[:-1]].revision if self.inside else card.revision
        with _told_to_people(card, place, self.name):
            try:
                about = HfApi(endpoint=endpoint()).model_info(self.name, revision=revision, files_metadata=True)
            except RevisionNotFoundError as error:
                way = f"sfumato rm {card.name}, then a pull takes the newest"
                if self.stated is not None:
                    way = "another sfumato may know a newer"
                page = f"{endpoint()}/{self.name}"
                raise JobFailed(f"{card.name}: {page} has no commit {revision}: {way}") from error
        if about.sha is None or about.siblings is None:
            raise JobFailed(f"{card.name}: the hub does not say what is in {self.name}: try again later")
        self.commit = about.sha
        self._files = {one.rfilename: one for one in about.siblings if _is_inside(one.rfilename)}
        self.files = list(self._files)

    def wanted(self) -> list[str]:
        """Names of the files that are to be had from it."""
        if isinstance(self._card, Listing) and self._card.takes:
            return listed_files(self._card.name, self.name, self._card.takes, self.files)
        return chosen_files(self._card, self.files, self.index(), parts_in_files(self._place))

    def index(self) -> dict[str, Any]:
        if INDEX not in self._files:
            raise JobFailed(f"{self._card.name}: {self.name} has no {INDEX}, so diffusers cannot read what is in it")
        try:
            said = json.loads(self.fetch(INDEX).read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise JobFailed(f"{self._card.name}: the {INDEX} of {self.name} cannot be read: its makers have to mend it")
        return said

    def tidy(self) -> None:
        """Take away where huggingface_hub keeps what is begun."""
        shutil.rmtree(self._place / ".cache", ignore_errors=True)

    def size(self, name: str) -> int:
        return self._files[name].size or 0

    def has(self, name: str) -> bool:
        """Whether the file is here, and right: by sha256, or for a small one by git's own digest."""
        path, one = self._place / name, self._files[name]
        if not path.is_file() or path.stat().st_size != one.size:
            return False
        if one.lfs is not None:
            return sha256_of(path) == one.lfs.sha256
        data = path.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == one.blob_id

    def fetch(self, name: str) -> Path:
        """The file's path, once it is here and right."""
        from huggingface_hub import hf_hub_download

        if not self.has(name):
            with _told_to_people(self._card, self._place, self.name):
                hf_hub_download(
                    self.name, name, revision=self.commit, local_dir=self._place, endpoint=endpoint(),
                    tqdm_class=self._bar(name),
                )  # fmt: skip
            if not self.has(name):
                (self._place / name).unlink()
                raise JobFailed(
                    f"{self._card.name}: {name} came with another digest than the hub states: "
                    f"sfumato pull {self._card.name} tries again"
                )
        return self._place / name

    def _bar(self, name: str) -> Any:
        """What huggingface_hub tells how far it is."""
        from tqdm import tqdm

        told, size, inside = self._told, self.size(name), self.inside

        class Bar(tqdm):
            def __init__(self, *given: Any, **options: Any):
                super().__init__(*given, **{**options, "disable": False, "file": io.StringIO()})

            def update(self, n: float | None = 1) -> bool | None:
                drawn = super().update(n)
                told(inside + name, int(self.n), size)
                return drawn

        return Bar


class _Part(_Repository):
    """The repository that one part of a model lies in, which is fetched into that part's folder."""

    def __init__(self, card: About, part: str, place: Path, told: Told, revision: str | None):
        self.inside, self._takes = f"{part}/", card.elsewhere[part].takes
        super().__init__(card, place / part, told, revision, card.elsewhere[part].repository)

    def wanted(self) -> list[str]:
        top = [name for name in self.files if "/" not in name]
        return listed_files(self._card.name, self.name, self._takes, top)


def _known(path: Path, name: str) -> Known:
    about = path.stat()
    return Known(name=name, bytes=about.st_size, changed=about.st_mtime_ns, sha256=sha256_of(path))


def _check_room(card: About, place: Path, needed: int) -> None:
    free = shutil.disk_usage(place).free
    if free < needed + SPARE:
        raise CannotWrite(
            f"{card.name} takes {needed / 1e9:.1f} GB more, and {free / 1e9:.1f} GB are free at "
            f"{shown(str(place), LONG)}: free some space, or set SFUMATO_HOME to another place"
        )


@contextmanager
def _told_to_people(card: About, place: Path, repository: str | None = None) -> Iterator[None]:
    """huggingface_hub's errors and the disk's as ours, one line each. repository: None: the card's own."""
    try:
        from httpx2 import HTTPError, InvalidURL
        from huggingface_hub import errors
    except ModuleNotFoundError as error:
        raise MissingPackage(f"pulling {card.name} needs huggingface_hub: pip install 'sfumato[torch]'") from error
    page = f"{endpoint()}/{repository or card.repository}"
    try:
        yield
    except errors.GatedRepoError as error:
        raise RequestError(
            f"{card.name} is gated: ask for access at {page}, then set HF_TOKEN to a key of that account"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise RequestError(
            f"{card.name}: there is no {page}, or it is not for everyone: if it is yours to see, set HF_TOKEN"
        ) from error
    except (InvalidURL, UnicodeEncodeError) as error:
        raise RequestError(f"{card.name}: HF_ENDPOINT is no address, or HF_TOKEN no key ({_line(error)})") from error
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, HTTPError, ConnectionError) as error:
        raise JobFailed(
            f"{card.name}: {endpoint()} cannot be reached ({_line(error)}): check the network, or name a mirror "
            f"with HF_ENDPOINT; what has come stays, and the next pull goes on"
        ) from error
    except OSError as error:
        raise CannotWrite(
            f"{shown(str(place), LONG)} cannot be written ({cause(error)}): "
            f"free some space, change its rights, or set SFUMATO_HOME to another place"
        ) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
