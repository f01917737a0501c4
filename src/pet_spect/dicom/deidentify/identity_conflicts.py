"""Identity conflicts: one code that could come to stand for two people is refused."""

from __future__ import annotations

from collections import defaultdict

from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.identity import Person, apart, differences, in_words, person_of

_WAY_OUT = "give each person a folder and a run with --id"


class People:
    """The people met so far in one run.

    Parameters
    ----------
    code : str or None
        Code of the only person, if only one is expected.
    """

    def __init__(self, code: str | None) -> None:
        self._code = code
        self._met: defaultdict[str, set[Person]] = defaultdict(set)

    def __len__(self) -> int:
        """Return how many people were met."""
        return len(self._met)

    def who(self, header: Header) -> str:
        """Return what tells the person of an image from others, which is secret unless it is the code.

        Raises
        ------
        DicomError
            If the image may be of another person than those before it that would get the same
            code, or nothing tells whose it is.
        """
        person = person_of(header).without_study()
        who = self._code or _key(person)
        if not who:
            raise header.error(
                f"has neither a PatientID nor a PatientName that tells whose it is; {_WAY_OUT}", "patients"
            )
        met = self._met[who]
        if person not in met:
            met.add(person)
            self._check(header, met)
        return who

    def _check(self, header: Header, met: set[Person]) -> None:
        what = differences(met) if self._code is None else apart(met)
        if not what:
            return
        differ = f"{in_words(what)} differ"
        if self._code is None:
            message = (
                f"may be of another patient than those before it: {differ} under one PatientID or name; {_WAY_OUT}"
            )
        else:
            message = f"is of another patient than those before it ({differ}); {self._code} can be only one"
        raise header.error(message, "patients")


def _key(person: Person) -> str:
    kind, *words = person.identity or ("",)
    return {"id": "PatientID ", "name": "PatientName ", "": ""}[kind] + "\0".join(words)
