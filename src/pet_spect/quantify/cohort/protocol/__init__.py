"""The protocol guard: when a scan may begin after the injection, and what two visits of a person must share."""
