"""The environment contract: see `docs/rfc/0001-environment-contract.md`.

`make`, `list_envs`, `spec` and `register` find environments; `Environment` is what one is; `rollout` runs many.
"""

from jaxenv.autoreset import AutoResetState as AutoResetState
from jaxenv.control import maybe as maybe
from jaxenv.environment import Environment as Environment
from jaxenv.obs import ObsField as ObsField
from jaxenv.obs import ObsSpec as ObsSpec
from jaxenv.registry import UnknownEnvironmentError as UnknownEnvironmentError
from jaxenv.registry import list_envs as list_envs
from jaxenv.registry import make as make
from jaxenv.registry import register as register
from jaxenv.registry import spec as spec
from jaxenv.spec import EnvSpec as EnvSpec
from jaxenv.spec import Reference as Reference
