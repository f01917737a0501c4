"""Private elements that SUV needs, as (group, creator, number within the creator's block)."""

from __future__ import annotations

DECAY_TIMES = ((0x0009, "GEMS_PETD_01", 0x0D), (0x0071, "SIEMENS MED PT", 0x22))
"""The date and time to which GE and Siemens decay-correct."""

PHILIPS_SUV = (0x7053, "Philips PET Private Group", 0x00)
"""Factor from stored counts to SUVbw in g/mL; 0 is none."""

PHILIPS_ACTIVITY = (0x7053, "Philips PET Private Group", 0x09)
"""Factor from stored counts to Bq/mL; 0 is none."""
