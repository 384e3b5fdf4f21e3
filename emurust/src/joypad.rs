//! The eight buttons and the register P1, whose lower half is computed when it is written.

use crate::snapshot::{Codec, Fields};

/// Right, left, up, down, A, B, select, start: bit numbers of [`Joypad::pressed`].
pub const BUTTONS: [&str; 8] = ["right", "left", "up", "down", "a", "b", "select", "start"];

#[derive(Clone)]
pub struct Joypad {
    /// Buttons that are held down, one bit each.
    pub pressed: u8,
    register: u8,
}

impl Joypad {
    pub fn new() -> Self {
        Joypad { pressed: 0, register: 0x00 }
    }

    pub fn read(&self) -> u8 {
        self.register
    }

    pub fn write(&mut self, value: u8) {
        self.register = self.computed(value);
    }

    fn computed(&self, value: u8) -> u8 {
        // With both halves selected PyBoy reports no button, and the bits that select read as zeros.
        let low = match value & 0x30 {
            0x20 => !self.pressed & 0x0F,
            0x10 => !self.pressed >> 4,
            _ => 0x0F,
        };
        0xC0 | low
    }

    /// Sets the buttons that are held; returns true where a press requests the interrupt.
    pub fn set(&mut self, pressed: u8) -> bool {
        let newly = pressed & !self.pressed;
        self.pressed = pressed;
        newly != 0
    }
}

impl Default for Joypad {
    fn default() -> Self {
        Self::new()
    }
}

impl Fields for Joypad {
    fn fields(&mut self, codec: &mut Codec) {
        codec.u8(&mut self.pressed);
        codec.u8(&mut self.register);
    }
}
