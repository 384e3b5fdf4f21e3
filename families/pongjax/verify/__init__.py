"""The plugin of `pongjax/puffer_pong` and `pongjax/puffer_pong_continuous`, beside PufferLib's C."""
