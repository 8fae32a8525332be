"""The workbench: records, people, labels, jobs and pages around `ladtl_core`."""
