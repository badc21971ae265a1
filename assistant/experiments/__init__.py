"""Claims checked against a table of measurements: read the table, map the claim onto it, compute, decide.

    from assistant.experiments import check_table
    check_table("Biochar raised yield.", Path("plots.csv")).label

By rule: no model, and no code that a claim or a file brings along is run. Knows no library and no papers.
"""

from __future__ import annotations

from assistant.experiments.checking import check_table
from assistant.experiments.outcome import Computation, DataVerdict, Form, Sample

__all__ = ["Computation", "DataVerdict", "Form", "Sample", "check_table"]
