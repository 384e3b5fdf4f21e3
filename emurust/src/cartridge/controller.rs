//! The registers of the bank controllers.

use super::header::Mapper;
use crate::snapshot::{Codec, Fields};

/// A bank controller and its registers. The clock of an MBC3 is frozen: it holds what was written to it.
#[derive(Clone, Debug)]
pub enum Controller {
    /// PyBoy switches banks at 2000–3FFF even here.
    None {
        bank: u8,
    },
    Mbc1 {
        enabled: bool,
        low: u8,
        high: u8,
        advanced: bool,
    },
    Mbc2 {
        enabled: bool,
        bank: u8,
    },
    Mbc3 {
        enabled: bool,
        bank: u8,
        select: u8,
        clock: [u8; 5],
        latched: [u8; 5],
        latch: u8,
    },
    Mbc5 {
        enabled: bool,
        bank: u16,
        ram: u8,
    },
}

impl Controller {
    pub fn new(mapper: Mapper) -> Self {
        match mapper {
            Mapper::None => Controller::None { bank: 1 },
            Mapper::Mbc1 => Controller::Mbc1 { enabled: false, low: 1, high: 0, advanced: false },
            Mapper::Mbc2 => Controller::Mbc2 { enabled: false, bank: 1 },
            Mapper::Mbc3 => {
                Controller::Mbc3 { enabled: false, bank: 1, select: 0, clock: [0; 5], latched: [0; 5], latch: 0xFF }
            }
            Mapper::Mbc5 => Controller::Mbc5 { enabled: false, bank: 1, ram: 0 },
        }
    }

    pub fn write(&mut self, address: u16, value: u8) {
        match self {
            Controller::None { bank } => {
                if address >> 13 == 1 {
                    *bank = value.max(1);
                }
            }
            Controller::Mbc1 { enabled, low, high, advanced } => match address >> 13 {
                0 => *enabled = value & 15 == 0x0A,
                1 => *low = (value & 0x1F).max(1),
                2 => *high = value & 3,
                _ => *advanced = value & 1 != 0,
            },
            Controller::Mbc2 { enabled, bank } => {
                if address < 0x4000 {
                    if address & 0x100 == 0 {
                        *enabled = value & 15 == 0x0A;
                    } else {
                        *bank = (value & 15).max(1);
                    }
                }
            }
            Controller::Mbc3 { enabled, bank, select, clock, latched, latch } => match address >> 13 {
                0 => *enabled = value & 15 == 0x0A,
                1 => *bank = (value & 0x7F).max(1),
                2 => *select = value,
                _ => {
                    if *latch == 0 && value == 1 {
                        *latched = *clock;
                    }
                    *latch = value;
                }
            },
            Controller::Mbc5 { enabled, bank, ram } => match address >> 12 {
                0 | 1 => *enabled = value == 0x0A,
                2 => *bank = *bank & 0x100 | u16::from(value),
                3 => *bank = *bank & 0xFF | u16::from(value & 1) << 8,
                4 | 5 => *ram = value & 15,
                _ => {}
            },
        }
    }

    /// Bank at 0000–3FFF, before it is cut to the size of the ROM.
    pub fn fixed_bank(&self) -> usize {
        match self {
            Controller::Mbc1 { high, advanced: true, .. } => usize::from(*high) << 5,
            _ => 0,
        }
    }

    /// Bank at 4000–7FFF, before it is cut to the size of the ROM.
    pub fn switched_bank(&self) -> usize {
        match self {
            Controller::None { bank } => usize::from(*bank),
            Controller::Mbc1 { low, high, .. } => usize::from(*high) << 5 | usize::from(*low),
            Controller::Mbc2 { bank, .. } | Controller::Mbc3 { bank, .. } => usize::from(*bank),
            Controller::Mbc5 { bank, .. } => usize::from(*bank),
        }
    }

    pub fn ram_bank(&self) -> usize {
        match self {
            Controller::Mbc1 { high, advanced: true, .. } => usize::from(*high),
            Controller::Mbc3 { select, .. } => usize::from(select & 3),
            Controller::Mbc5 { ram, .. } => usize::from(*ram),
            _ => 0,
        }
    }

    pub fn ram_enabled(&self) -> bool {
        match self {
            Controller::None { .. } => true,
            Controller::Mbc1 { enabled, .. }
            | Controller::Mbc2 { enabled, .. }
            | Controller::Mbc3 { enabled, .. }
            | Controller::Mbc5 { enabled, .. } => *enabled,
        }
    }

    /// The clock register that is selected at A000–BFFF, if one is.
    pub fn read_clock(&self) -> Option<u8> {
        match self {
            Controller::Mbc3 { enabled: true, select: select @ 8..=0x0C, latched, .. } => {
                Some(latched[usize::from(select - 8)])
            }
            _ => None,
        }
    }

    /// Writes the clock register that is selected; returns false if none is.
    pub fn write_clock(&mut self, value: u8) -> bool {
        match self {
            Controller::Mbc3 { enabled: true, select: select @ 8..=0x0C, clock, .. } => {
                clock[usize::from(*select - 8)] = value;
                true
            }
            _ => false,
        }
    }
}

impl Fields for Controller {
    fn fields(&mut self, codec: &mut Codec) {
        match self {
            Controller::None { bank } => codec.u8(bank),
            Controller::Mbc1 { enabled, low, high, advanced } => {
                codec.bool(enabled);
                codec.u8(low);
                codec.u8(high);
                codec.bool(advanced);
            }
            Controller::Mbc2 { enabled, bank } => {
                codec.bool(enabled);
                codec.u8(bank);
            }
            Controller::Mbc3 { enabled, bank, select, clock, latched, latch } => {
                codec.bool(enabled);
                codec.u8(bank);
                codec.u8(select);
                codec.bytes(clock);
                codec.bytes(latched);
                codec.u8(latch);
            }
            Controller::Mbc5 { enabled, bank, ram } => {
                codec.bool(enabled);
                codec.u16(bank);
                codec.u8(ram);
            }
        }
    }
}
