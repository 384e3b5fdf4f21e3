"""The environment in JAX."""

from families.new.template.package.env import Rover as Rover
