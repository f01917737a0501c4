"""How a file was made: from what, with what and by which software; written into its sidecar and read from it here.

Nothing in it names a person, a place or a time, so that the same inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pet_spect import __version__
from pet_spect.digests import file_sha256
from pet_spect.errors import ImageError
from pet_spect.files import read_json
from pet_spect.results.typed_json import Key, Mark, MismatchError, as_json, from_json
from pet_spect.results.versions import installed_versions

_KEY = "Provenance"


@dataclass(frozen=True, kw_only=True)
class AtlasDigest:
    """The atlas that a step used.

    Attributes
    ----------
    name : str
    labels, table : str
        SHA-256 of the label image and of its table.
    """

    name: str
    labels: Annotated[str, Key("LabelsSha256")]
    table: Annotated[str, Key("TableSha256")]

    @staticmethod
    def of(name: str, files: tuple[Path, Path]) -> AtlasDigest:
        """Return the digest of an atlas, of its label image and its table."""
        labels, table = files
        return AtlasDigest(name=name, labels=file_sha256(labels), table=file_sha256(table))


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How a file was made.

    Attributes
    ----------
    verb : str
        Of ``pet-spect``.
    inputs : mapping of str to str
        The role of each input, such as ``baseline FDG image``, to its SHA-256; see `pet_spect.digests.source_sha256`
        for that of a scan as it was given.
    parameters : mapping of str to object
        The flags that change the result. Of facts about a person there are only the names.
    software : mapping of str to str
        Package to version.
    atlas : AtlasDigest or None
        None if none is used.
    """

    verb: str
    inputs: Annotated[Mapping[str, str], Key("InputSha256")]
    parameters: Mapping[str, object]
    software: Mapping[str, str]
    atlas: Annotated[AtlasDigest | None, Mark.LEFT_OUT] = None


def software(*packages: str) -> dict[str, str]:
    """Return the versions of pet_spect, of Python and of other installed packages."""
    return {"pet_spect": __version__, **installed_versions(packages)}


def with_provenance(content: Mapping[str, Any], made: Provenance, sources: Sequence[str] = ()) -> dict[str, Any]:
    """Return the content of a sidecar that also says how its file was made.

    Parameters
    ----------
    content : mapping
    made : Provenance
    sources : sequence of str
        Files of the results folder, relative to it, that it was made from: ``Sources`` as BIDS has it.
    """
    return {
        **content,
        "GeneratedBy": [{"Name": "pet_spect", "Version": __version__, "Description": f"pet-spect {made.verb}"}],
        **({"Sources": [f"bids::{source}" for source in sources]} if sources else {}),
        _KEY: as_json(made),
    }


def read_provenance(path: Path) -> Provenance | None:
    """Return what a sidecar or a record says of how it was made; None if it does not say.

    Raises
    ------
    ImageError
        ``sidecar_missing``, or ``sidecar_unreadable`` if it is no JSON object or what it says is not readable.
    """
    told = read_json(path, ImageError, "sidecar").get(_KEY)
    if told is None:
        return None
    try:
        return from_json(Provenance, told)
    except MismatchError as error:
        raise ImageError(f"{path}: {_KEY}: {error}; run the step again", code="sidecar_unreadable") from None
