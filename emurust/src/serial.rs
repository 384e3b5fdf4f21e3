//! The serial port without a partner: data reads as ones, and the interrupt comes at the end of the transfer.

use crate::snapshot::{Codec, Fields};
use crate::timer::NEVER;

/// T-cycles of one transfer. PyBoy takes 128 a bit; the real port, at 8,192 Hz, takes 512.
const TRANSFER: u64 = 8 * 128;

#[derive(Clone)]
pub struct Serial {
    control: u8,
    pub next: u64,
}

impl Serial {
    pub fn new() -> Self {
        Serial { control: 0, next: NEVER }
    }

    /// Brings the port up to date; returns true if a transfer ended.
    pub fn sync(&mut self, now: u64) -> bool {
        if self.next > now {
            return false;
        }
        self.next = NEVER;
        self.control &= 0x7F;
        true
    }

    pub fn read(&self, register: u8) -> u8 {
        // PyBoy keeps nothing of what is written to SB.
        if register == 1 { 0xFF } else { self.control | 0x7E }
    }

    pub fn write(&mut self, register: u8, value: u8, now: u64) {
        if register == 1 {
            return;
        }
        self.control = value & 0x81;
        self.next = if self.control == 0x81 { now + TRANSFER } else { NEVER };
    }
}

impl Default for Serial {
    fn default() -> Self {
        Self::new()
    }
}

impl Fields for Serial {
    fn fields(&mut self, codec: &mut Codec) {
        codec.u8(&mut self.control);
        codec.u64(&mut self.next);
    }
}
