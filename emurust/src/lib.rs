//! A Game Boy (DMG) for reinforcement learning: many at once, and frame for frame as PyBoy 2.8.1 plays it.

pub mod batch;
pub mod cartridge;
pub mod cpu;
pub mod dma;
pub mod joypad;
pub mod machine;
pub mod ppu;
#[cfg(feature = "python")]
mod python;
pub mod serial;
pub mod snapshot;
pub mod system;
pub mod timer;
