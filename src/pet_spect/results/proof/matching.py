"""Whether the files that a step reads go together: by the hashes in the record that the step before it left.

A record of an earlier version states no hashes, and nothing is compared with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from pet_spect.digests import file_sha256
from pet_spect.errors import ImageError, TableError
from pet_spect.model import Decision, ScanKey
from pet_spect.results import layout
from pet_spect.results.provenance_record import Provenance
from pet_spect.results.registration.registration_record import RegistrationRecord


def image_role(key: ScanKey) -> str:
    """Return what the inputs of a registration call the image of a scan."""
    return f"{key.session} {key.tracer} image"


def registration_outputs(results: Path, participant: str, scans: Iterable[layout.ScanName]) -> dict[str, str]:
    """Return the SHA-256 of transforms, lesion mask and images in the standard space, by their path below `results`."""
    scans = list(scans)
    names = [
        layout.participant_to_standard(participant),
        layout.standard_to_participant(participant),
        layout.anat_to_participant(participant),
        layout.lesion_mask(participant),
        *(layout.scan_to_participant(*scan[:3]) for scan in scans),
        *(layout.standard_image(*scan) for scan in scans),
    ]
    return {name: file_sha256(results / name) for name in names if (results / name).is_file()}


def check_registration(results: Path, record: RegistrationRecord, images: Mapping[ScanKey, Path]) -> None:
    """Check that scans and transforms are those of a registration record.

    Parameters
    ----------
    results : Path
    record : RegistrationRecord
    images : mapping of ScanKey to Path
        The scans as convert wrote them.

    Raises
    ------
    ImageError
        ``record_outdated``, naming the first file that is another one.
    """
    for path, sha256 in _stated(results, record, images):
        if not path.is_file() or file_sha256(path) != sha256:
            raise ImageError(
                f"{path}: is not the file that the registration record of {record.participant} was made with;"
                " run normalise again",
                code="record_outdated",
            )


def _stated(results: Path, record: RegistrationRecord, images: Mapping[ScanKey, Path]) -> Iterator[tuple[Path, str]]:
    for name, sha256 in (record.outputs or {}).items():
        yield results / name, sha256
    if record.provenance is not None:
        for key, path in images.items():
            yield path, record.provenance.inputs.get(image_role(key), "")


def check_uptake(
    results: Path, table: Path, participant: str, measured: Provenance | None, registered: RegistrationRecord | None
) -> None:
    """Check that an uptake table was measured with the registration record that is there now.

    Parameters
    ----------
    results : Path
    table : Path
        For the message.
    participant : str
    measured : Provenance or None
        How the table was made.
    registered : RegistrationRecord or None
        None if there is no record.

    Raises
    ------
    TableError
        ``record_outdated``, naming the table.
    """
    if measured is None or registered is None:
        return
    record = results / layout.registration_record(participant)
    if measured.inputs.get("registration") != file_sha256(record):
        raise TableError(
            f"{table}: was not measured with the registration that is in {record} now; run measure again",
            code="record_outdated",
        )


def check_exclusions(results: Path, record: RegistrationRecord, decisions: Collection[Decision]) -> None:
    """Check that a participant was registered without exactly those scans that are excluded now.

    Parameters
    ----------
    results : Path
    record : RegistrationRecord
    decisions : collection of Decision
        Of everybody; those about other scans than the record's do not count.

    Raises
    ------
    TableError
        ``record_outdated``, naming the record and a scan.
    """
    if record.provenance is None:
        return
    scans = {f"{scan.session} {scan.tracer}" for scan in record.scans}
    mine = [one.key for one in decisions if one.decision == "exclude" and one.key.participant == record.participant]
    now = {f"{key.session} {key.tracer}" for key in mine} & scans
    stated = record.provenance.parameters.get("exclude")
    then = {str(scan) for scan in stated} if isinstance(stated, list | tuple) else set()
    for scan in sorted(now ^ then):
        said = "with a scan that qc.tsv excludes" if scan in now else "without a scan that qc.tsv does not exclude"
        path = results / layout.registration_record(record.participant)
        raise TableError(f"{path}: was made {said} ({scan}); run normalise again", code="record_outdated")
