"""`assistant ingest --json` on a folder; prints last the peak memory (bytes) of it and of its largest worker."""

from __future__ import annotations

import json
import resource
import sys

from assistant.cli import main

if __name__ == "__main__":
    code = main(["ingest", sys.argv[1], "--library", sys.argv[2], "--json"])
    own, workers = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"parent": own * 1024, "worker": workers * 1024}))
    sys.exit(code)
