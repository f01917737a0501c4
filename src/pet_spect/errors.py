"""What can be wrong with the input.

::

    PetSpectError
    ├── ConfigError        the configuration
    ├── TableError         participants.tsv, scans.tsv, qc.tsv or a result table
    ├── ImageError         a NIfTI image, a sidecar or a transform
    ├── DicomError         a DICOM object or series
    │   └── TracerError    a scan whose tracer is not the one it is listed as
    ├── AtlasError         an atlas or its table
    ├── RegionError        a region that cannot be measured in this image
    ├── RegistrationError  a registration that is not plausible
    └── RefusedError       a scan that an earlier step refused

Each means "the input is at fault": the command line prints its message in one
line and exits with status 1. Anything else that is raised is a bug and keeps
its traceback.
"""

from __future__ import annotations


class PetSpectError(Exception):
    """The input is at fault.

    Parameters
    ----------
    message : str
        One line: what was found, what was needed, and in which file.
    code : str, optional
        Short snake_case name of the fault, stable between versions; it is what
        tables and ``config/qc.tsv`` refer to. Each class has its default.
    """

    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code or self.default_code


class ConfigError(PetSpectError):
    """The configuration cannot be used."""

    default_code = "config"


class TableError(PetSpectError):
    """A table cannot be used."""

    default_code = "table"


class ImageError(PetSpectError):
    """An image, its sidecar or a transform cannot be used."""

    default_code = "image"


class DicomError(PetSpectError):
    """A DICOM object or series cannot be converted safely."""

    default_code = "dicom"


class TracerError(DicomError):
    """A scan says that its tracer is another than the one it is listed as, or contradicts itself about it."""

    default_code = "tracer"


class AtlasError(PetSpectError):
    """An atlas or its table cannot be used."""

    default_code = "atlas"


class RegionError(PetSpectError):
    """A region cannot be measured in this image."""

    default_code = "region"


class RegistrationError(PetSpectError):
    """A registration is not plausible."""

    default_code = "registration"


class RefusedError(PetSpectError):
    """A scan that an earlier step refused was asked for."""

    default_code = "refused"
