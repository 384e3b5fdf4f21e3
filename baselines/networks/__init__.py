"""Networks as pure functions: `build(env, config)` gives a `Network`."""

from baselines.networks.network import Network as Network
from baselines.networks.network import Output as Output
from baselines.networks.network import build as build
