"""Private elements that SUV needs, as (group, creator, number within the creator's block)."""

from __future__ import annotations

DECAY_TIMES = ((0x0009, "GEMS_PETD_01", 0x0D), (0x0071, "SIEMENS MED PT", 0x22))
"""The date and time to which GE and Siemens decay-correct."""

COUNTS_TO_SUV = ((0x7053, "Philips PET Private Group", 0x00),)
"""Factor from stored counts to SUVbw in g/mL, one element per vendor; 0 is none."""

COUNTS_TO_ACTIVITY = ((0x7053, "Philips PET Private Group", 0x09),)
"""Factor from stored counts to Bq/mL, one element per vendor; 0 is none."""

SUV_ELEMENTS = (*DECAY_TIMES, *COUNTS_TO_SUV, *COUNTS_TO_ACTIVITY)
"""All of them; de-identification keeps these alone."""
