//! The cartridge header, and what is wrong with one.

use std::fmt;

use super::BANK;

/// The families of bank controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapper {
    None,
    Mbc1,
    Mbc2,
    Mbc3,
    Mbc5,
}

/// What the emulator takes from a header.
pub struct Header {
    pub mapper: Mapper,
    pub ram_bytes: usize,
}

/// A ROM that cannot be run. The message names the value, the place and the remedy.
#[derive(Debug, PartialEq, Eq)]
pub struct RomError(pub String);

impl fmt::Display for RomError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for RomError {}

impl Header {
    pub fn parse(rom: &[u8]) -> Result<Self, RomError> {
        if rom.len() < 2 * BANK || !rom.len().is_multiple_of(BANK) || rom.len() > 512 * BANK {
            let text = format!(
                "the ROM has {} bytes: it is truncated, or no Game Boy ROM. Remedy: a file of 2 to 512 banks of {BANK} bytes",
                rom.len()
            );
            return Err(RomError(text));
        }
        let checksum = rom[0x134..0x14D].iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte).wrapping_sub(1));
        if checksum != rom[0x14D] {
            let text = format!(
                "the header checksum at 0x014D is {:#04x}, and the header sums to {checksum:#04x}. Remedy: an unmodified ROM, or one whose header has been fixed",
                rom[0x14D]
            );
            return Err(RomError(text));
        }
        let (mapper, has_ram) = match rom[0x147] {
            0x00 => (Mapper::None, false),
            0x08 | 0x09 => (Mapper::None, true),
            0x01 => (Mapper::Mbc1, false),
            0x02 | 0x03 => (Mapper::Mbc1, true),
            0x05 | 0x06 => (Mapper::Mbc2, false),
            0x0F | 0x11 => (Mapper::Mbc3, false),
            0x10 | 0x12 | 0x13 => (Mapper::Mbc3, true),
            0x19 | 0x1C => (Mapper::Mbc5, false),
            0x1A | 0x1B | 0x1D | 0x1E => (Mapper::Mbc5, true),
            other => {
                let text = format!(
                    "the cartridge type at 0x0147 is {other:#04x}, which is not supported. Remedy: a cartridge without controller, or with MBC1, MBC2, MBC3 or MBC5"
                );
                return Err(RomError(text));
            }
        };
        let declared = 2usize << rom[0x148].min(9);
        if rom[0x148] > 8 || declared * BANK > rom.len() {
            let text = format!(
                "the ROM size at 0x0148 is {:#04x}, and the file has {} banks: it is truncated. Remedy: the whole ROM",
                rom[0x148],
                rom.len() / BANK
            );
            return Err(RomError(text));
        }
        let banks = match rom[0x149] {
            0 => 0,
            1 | 2 => 1,
            3 => 4,
            4 => 16,
            5 => 8,
            other => {
                let text = format!("the RAM size at 0x0149 is {other:#04x}. Remedy: a ROM whose header names 0 to 5");
                return Err(RomError(text));
            }
        };
        let ram_bytes = match mapper {
            Mapper::Mbc2 => 0x200,
            _ if has_ram => banks * 0x2000,
            _ => 0,
        };
        Ok(Header { mapper, ram_bytes })
    }

    /// The byte that cartridge RAM holds before anything was written.
    pub fn ram_fill(&self) -> u8 {
        0
    }
}
