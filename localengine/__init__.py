"""A local engine: runs a Pulumi Python program where the Pulumi CLI is not installed.

`python -m localengine preview|up|refresh|destroy|export` plays Pulumi's resource monitor and engine over Pulumi's gRPC
protocol (pulumi/pulumi proto/pulumi/resource.proto, engine.proto, provider.proto), starts the real provider process
`python -m pulumi.dynamic`, and keeps a state file in Pulumi's deployment form.

It supports what this repository's programs use and refuses everything else by name. It is for trials and tests: do not
use it in place of Pulumi in production.
"""

import os

# gRPC logs closed connections; the code that makes a call reports its failure.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
