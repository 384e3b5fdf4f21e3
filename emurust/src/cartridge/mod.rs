//! Cartridges: the ROM, its header, battery RAM, and the bank controllers.

mod controller;
mod header;

use std::sync::Arc;

use crate::snapshot::{Codec, Fields};
pub use controller::Controller;
pub use header::{Header, RomError};

/// Size of one ROM bank.
pub const BANK: usize = 0x4000;
const RAM_BANK: usize = 0x2000;

#[derive(Clone)]
pub struct Cartridge {
    rom: Arc<[u8]>,
    pub ram: Vec<u8>,
    controller: Controller,
    /// Where the two windows of the processor begin in the ROM, and the window in the RAM.
    fixed: usize,
    switched: usize,
    ram_start: usize,
}

impl Cartridge {
    /// A cartridge in the state that it has when the power is switched on. RAM is filled with zeros.
    pub fn new(rom: Arc<[u8]>) -> Result<Self, RomError> {
        let header = Header::parse(&rom)?;
        let ram = vec![header.ram_fill(); header.ram_bytes];
        let controller = Controller::new(header.mapper);
        let mut cartridge = Cartridge { rom, ram, controller, fixed: 0, switched: BANK, ram_start: 0 };
        cartridge.map();
        Ok(cartridge)
    }

    fn map(&mut self) {
        let banks = self.rom.len() / BANK;
        self.fixed = self.controller.fixed_bank() % banks * BANK;
        self.switched = self.controller.switched_bank() % banks * BANK;
        let ram_banks = (self.ram.len() / RAM_BANK).max(1);
        self.ram_start = self.controller.ram_bank() % ram_banks * RAM_BANK;
    }

    /// Reads 0000–7FFF.
    #[inline(always)]
    pub fn read_rom(&self, address: u16) -> u8 {
        let start = if address < 0x4000 { self.fixed } else { self.switched };
        self.rom[start + usize::from(address & 0x3FFF)]
    }

    /// The four bytes from `address` on, the first one lowest, where all of them are in one window of the ROM.
    #[inline(always)]
    pub fn read_rom_ahead(&self, address: u16) -> Option<u32> {
        if address >= 0x8000 {
            return None;
        }
        let start = if address < 0x4000 { self.fixed } else { self.switched };
        let bank = self.rom.get(start..)?.first_chunk::<BANK>()?;
        let bytes = bank[usize::from(address) % BANK..].first_chunk()?;
        Some(u32::from_le_bytes(*bytes))
    }

    /// Writes 0000–7FFF: a register of the controller.
    pub fn write_rom(&mut self, address: u16, value: u8) {
        self.controller.write(address, value);
        self.map();
    }

    pub fn read_ram(&self, address: u16) -> u8 {
        if let Some(value) = self.controller.read_clock() {
            return value;
        }
        if !self.controller.ram_enabled() || self.ram.is_empty() {
            return 0xFF;
        }
        let byte = self.ram[(self.ram_start + usize::from(address & 0x1FFF)) % self.ram.len()];
        if matches!(self.controller, Controller::Mbc2 { .. }) { byte | 0xF0 } else { byte }
    }

    pub fn write_ram(&mut self, address: u16, value: u8) {
        if self.controller.write_clock(value) || !self.controller.ram_enabled() || self.ram.is_empty() {
            return;
        }
        let at = (self.ram_start + usize::from(address & 0x1FFF)) % self.ram.len();
        self.ram[at] = if matches!(self.controller, Controller::Mbc2 { .. }) { value | 0xF0 } else { value };
    }

    /// A byte of a ROM bank, whichever bank is mapped; none where the bank does not exist.
    pub fn rom_byte(&self, bank: usize, address: u16) -> Option<u8> {
        self.rom.get(bank * BANK + usize::from(address) % BANK).copied()
    }

    pub fn rom_banks(&self) -> usize {
        self.rom.len() / BANK
    }

    /// Number of the bank at 4000–7FFF.
    pub fn current_bank(&self) -> usize {
        self.switched / BANK
    }

    pub fn rom(&self) -> &Arc<[u8]> {
        &self.rom
    }

    /// Copies the state of a cartridge with the same ROM, without allocating.
    pub fn copy_from(&mut self, other: &Cartridge) {
        self.ram.copy_from_slice(&other.ram);
        self.controller = other.controller.clone();
        (self.fixed, self.switched, self.ram_start) = (other.fixed, other.switched, other.ram_start);
    }
}

impl Fields for Cartridge {
    fn fields(&mut self, codec: &mut Codec) {
        codec.bytes(&mut self.ram);
        self.controller.fields(codec);
        self.map();
    }
}
