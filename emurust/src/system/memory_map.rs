//! The memory map: which part answers at an address, for the processor and for those who look on.

use super::System;
use crate::cpu::Bus;

impl System {
    /// A byte as the processor would read it now, without passing time.
    #[inline(always)]
    pub fn peek(&self, address: u16) -> u8 {
        match address >> 12 {
            0 => match &self.boot {
                Some(boot) if self.booting && address < 0x100 => boot[usize::from(address)],
                _ => self.cartridge.read_rom(address),
            },
            1..=7 => self.cartridge.read_rom(address),
            8 | 9 => self.ppu.vram[usize::from(address & 0x1FFF)],
            0xA | 0xB => self.cartridge.read_ram(address),
            0xC..=0xE => self.wram[usize::from(address & 0x1FFF)],
            _ => self.peek_top(address),
        }
    }

    fn peek_top(&self, address: u16) -> u8 {
        match address {
            0xF000..=0xFDFF => self.wram[usize::from(address & 0x1FFF)],
            0xFE00..=0xFE9F => self.ppu.oam[usize::from(address & 0xFF)],
            0xFEA0..=0xFEFF => self.unused[usize::from(address - 0xFEA0)],
            0xFF00..=0xFF7F => self.peek_register(address as u8),
            0xFF80..=0xFFFE => self.hram[usize::from(address & 0x7F)],
            _ => self.enabled,
        }
    }

    #[inline(always)]
    fn peek_register(&self, register: u8) -> u8 {
        match register {
            0x00 => self.joypad.read(),
            0x01 | 0x02 => self.serial.read(register),
            0x04..=0x07 => self.timer.read(register, self.timer_synced),
            0x0F => self.requested | 0xE0,
            0x10..=0x3F => 0,
            0x46 => self.dma.register,
            0x40..=0x4B => self.ppu.read(register),
            _ => 0xFF,
        }
    }

    /// Writes a byte as the processor would at clock `now`.
    #[inline(always)]
    fn poke_at(&mut self, address: u16, value: u8, now: u64) {
        if (0xC000..0xFE00).contains(&address) && !self.dma.active() {
            self.wram[usize::from(address & 0x1FFF)] = value;
        } else {
            self.poke_elsewhere(address, value, now);
        }
    }

    #[inline(never)]
    fn poke_elsewhere(&mut self, address: u16, value: u8, now: u64) {
        if self.dma.active() {
            // The byte that is due at this moment is copied after the write.
            self.sync_dma(now.saturating_sub(1));
        }
        match address >> 12 {
            0..=7 => self.cartridge.write_rom(address, value),
            8 | 9 => self.ppu.vram[usize::from(address & 0x1FFF)] = value,
            0xA | 0xB => self.cartridge.write_ram(address, value),
            0xC..=0xE => self.wram[usize::from(address & 0x1FFF)] = value,
            _ => self.poke_top(address, value, now),
        }
    }

    fn poke_top(&mut self, address: u16, value: u8, now: u64) {
        match address {
            0xF000..=0xFDFF => self.wram[usize::from(address & 0x1FFF)] = value,
            0xFE00..=0xFE9F if self.dma.blocks_oam(now) => {}
            0xFE00..=0xFE9F => self.ppu.write_oam(address as u8, value),
            0xFEA0..=0xFEFF => self.unused[usize::from(address - 0xFEA0)] = value,
            0xFF00..=0xFF7F => self.poke_register(address as u8, value, now),
            0xFF80..=0xFFFE => self.hram[usize::from(address & 0x7F)] = value,
            _ => {
                self.enabled = value;
                self.stop();
            }
        }
    }

    fn poke_register(&mut self, register: u8, value: u8, now: u64) {
        let frame_done = self.ppu.frame_done;
        self.sync_owner(register, now);
        match register {
            0x00 => self.joypad.write(value),
            0x01 | 0x02 => self.serial.write(register, value, now),
            0x04..=0x07 => self.timer.write(register, value, now),
            0x0F => self.requested = value & 0x1F,
            0x46 => self.dma.begin(value, now),
            0x40..=0x4B => self.requested |= self.ppu.write(register, value, now),
            0x50 if value & 1 != 0 => self.booting = false,
            _ => {}
        }
        self.plan_or_stop(frame_done);
    }

    /// The clock that an access of the processor sees: the start of the M-cycle before it.
    ///
    /// PyBoy counts the M-cycles of an instruction's accesses from the one after the opcode's.
    fn access_time(&self) -> u64 {
        self.clock.saturating_sub(4)
    }

    /// The picture unit uses VRAM in mode 3, and OAM in modes 2 and 3.
    #[inline(always)]
    fn in_use(&self, address: u16, now: u64) -> bool {
        match address {
            0x8000..=0x9FFF => self.ppu.mode_at(now) == 3,
            0xFE00..=0xFE9F => self.ppu.mode_at(now) >= 2,
            _ => false,
        }
    }

    /// Writes a byte from outside, without passing time.
    pub fn poke(&mut self, address: u16, value: u8) {
        self.poke_at(address, value, self.clock);
    }

    /// As [`System::peek`], with every part up to date.
    pub fn inspect(&mut self, address: u16) -> u8 {
        self.read_at(address, self.clock)
    }

    /// A byte as the processor would read it at clock `now`. Most are in ROM or work RAM, where no time counts.
    #[inline(always)]
    fn read_at(&mut self, address: u16, now: u64) -> u8 {
        if address < 0x8000 && !self.booting {
            self.cartridge.read_rom(address)
        } else if (0xC000..0xFE00).contains(&address) {
            self.wram[usize::from(address & 0x1FFF)]
        } else {
            self.read_elsewhere(address, now)
        }
    }

    #[inline(never)]
    fn read_elsewhere(&mut self, address: u16, now: u64) -> u8 {
        if address >= 0xFF00 {
            return self.read_high(address as u8, now);
        }
        if address < 0xFE00 {
            return self.peek(address);
        }
        if self.dma.active() {
            self.sync_dma(now);
        }
        if address < 0xFEA0 && self.dma.blocks_oam(now) { 0xFF } else { self.peek_top(address) }
    }

    /// A byte of the last page, FF00–FFFF: registers and the fast RAM.
    #[inline(always)]
    fn read_high(&mut self, offset: u8, now: u64) -> u8 {
        match self.hram.get(usize::from(offset).wrapping_sub(0x80)) {
            Some(byte) => *byte,
            None => self.read_register(offset, now),
        }
    }

    #[inline(never)]
    fn read_register(&mut self, register: u8, now: u64) -> u8 {
        match register {
            0x40..=0x45 | 0x47..=0x4B => {
                if self.ppu.next <= now {
                    self.sync_owner(register, now);
                }
                self.ppu.read(register)
            }
            0x04..=0x07 => {
                if self.timer.next <= now {
                    self.sync_owner(register, now);
                } else if register == 0x05 {
                    self.sync_timer(now);
                }
                self.timer_synced = now;
                self.timer.read(register, now)
            }
            0xFF => self.enabled,
            _ => {
                self.sync_owner(register, now);
                self.peek_register(register)
            }
        }
    }
}

impl Bus for System {
    #[inline(always)]
    fn read(&mut self, address: u16) -> u8 {
        let value = self.read_at(address, self.access_time());
        self.clock += 4;
        value
    }

    #[inline(always)]
    fn read_last_page(&mut self, offset: u8) -> u8 {
        let value = self.read_high(offset, self.access_time());
        self.clock += 4;
        value
    }

    #[inline(always)]
    fn read_guarded(&mut self, address: u16) -> u8 {
        // Refused as soon as the memory is in use by the end of the instruction, and as long as it was at its middle.
        if self.in_use(address, self.clock) || self.in_use(address, self.clock + 4) {
            self.clock += 4;
            return 0xFF;
        }
        self.read(address)
    }

    #[inline(always)]
    fn write_guarded(&mut self, address: u16, value: u8) {
        if self.in_use(address, self.clock) {
            self.clock += 4;
        } else {
            self.write(address, value);
        }
    }

    #[inline(always)]
    fn ahead(&self, address: u16) -> Option<u32> {
        if self.booting { None } else { self.cartridge.read_rom_ahead(address) }
    }

    fn stop(&mut self) {
        self.next_event = 0;
    }

    /// An opcode in a register is read four T-cycles later than an operand would be.
    #[inline(always)]
    fn read_opcode(&mut self, address: u16) -> u8 {
        let value = self.read_at(address, self.clock);
        self.clock += 4;
        value
    }

    #[inline(always)]
    fn write(&mut self, address: u16, value: u8) {
        self.poke_at(address, value, self.access_time());
        self.clock += 4;
    }

    fn write_behind(&mut self, address: u16, value: u8, behind: u64) {
        self.poke_at(address, value, self.clock.saturating_sub(behind));
    }

    #[inline(always)]
    fn idle(&mut self) {
        self.clock += 4;
    }

    #[inline(always)]
    fn pending(&self) -> u8 {
        self.requested & self.enabled & 0x1F
    }

    fn acknowledge(&mut self, number: u32) {
        self.requested &= !(1 << number);
    }
}
