//! The first page of opcodes.

use super::{Bus, CARRY, Cpu, HALF, SUBTRACT, ZERO};

impl Cpu {
    /// The operand that three bits of an opcode name: B, C, D, E, H, L, (HL), A.
    #[inline(always)]
    pub(super) fn operand<B: Bus>(&mut self, bus: &mut B, index: u8) -> u8 {
        match index {
            0 => self.b,
            1 => self.c,
            2 => self.d,
            3 => self.e,
            4 => self.h,
            5 => self.l,
            6 => bus.read(self.hl()),
            _ => self.a,
        }
    }

    #[inline(always)]
    pub(super) fn set_operand<B: Bus>(&mut self, bus: &mut B, index: u8, value: u8) {
        match index {
            0 => self.b = value,
            1 => self.c = value,
            2 => self.d = value,
            3 => self.e = value,
            4 => self.h = value,
            5 => self.l = value,
            6 => bus.write(self.hl(), value),
            _ => self.a = value,
        }
    }

    #[inline(always)]
    fn pair(&self, index: u8) -> u16 {
        match index {
            0 => self.bc(),
            1 => self.de(),
            2 => self.hl(),
            _ => self.sp,
        }
    }

    #[inline(always)]
    fn set_pair(&mut self, index: u8, value: u16) {
        match index {
            0 => self.set_bc(value),
            1 => self.set_de(value),
            2 => self.set_hl(value),
            _ => self.sp = value,
        }
    }

    /// The condition that two bits of an opcode name: NZ, Z, NC, C.
    #[inline(always)]
    fn condition(&self, opcode: u8) -> bool {
        match opcode >> 3 & 3 {
            0 => !self.flag(ZERO),
            1 => self.flag(ZERO),
            2 => !self.flag(CARRY),
            _ => self.flag(CARRY),
        }
    }

    /// The address behind one of (BC), (DE), (HL+), (HL-).
    #[inline(always)]
    fn indirect(&mut self, index: u8) -> u16 {
        let hl = self.hl();
        match index {
            0 => self.bc(),
            1 => self.de(),
            2 => {
                self.set_hl(hl.wrapping_add(1));
                hl
            }
            _ => {
                self.set_hl(hl.wrapping_sub(1));
                hl
            }
        }
    }

    fn call<B: Bus>(&mut self, bus: &mut B, target: u16) {
        self.push(bus, self.pc);
        self.pc = target;
    }

    #[inline(always)]
    fn jump<B: Bus>(&mut self, bus: &mut B, target: u16) {
        bus.idle();
        self.pc = target;
    }

    #[inline(always)]
    pub(super) fn execute<B: Bus, const AHEAD: bool>(&mut self, bus: &mut B, opcode: u8, mut code: u32) {
        let upper = opcode >> 3 & 7;
        let pair = opcode >> 4 & 3;
        match opcode {
            0x00 => {}
            0x76 => self.halt(bus),
            // PyBoy keeps these three from VRAM and OAM in use, and no other instruction.
            0x12 => bus.write_guarded(self.de(), self.a),
            0x1A => self.a = bus.read_guarded(self.de()),
            0x7E => self.a = bus.read_guarded(self.hl()),
            0x40..=0x7F => {
                let value = self.operand(bus, opcode & 7);
                self.set_operand(bus, upper, value);
            }
            0x80..=0xBF => {
                let value = self.operand(bus, opcode & 7);
                self.arithmetic(upper, value);
            }
            0xC6 | 0xCE | 0xD6 | 0xDE | 0xE6 | 0xEE | 0xF6 | 0xFE => {
                let value = self.fetch::<B, AHEAD>(bus, &mut code);
                self.arithmetic(upper, value);
            }
            0x04 | 0x0C | 0x14 | 0x1C | 0x24 | 0x2C | 0x34 | 0x3C => {
                let value = self.operand(bus, upper);
                let result = self.increment(value);
                self.set_operand(bus, upper, result);
            }
            0x05 | 0x0D | 0x15 | 0x1D | 0x25 | 0x2D | 0x35 | 0x3D => {
                let value = self.operand(bus, upper);
                let result = self.decrement(value);
                self.set_operand(bus, upper, result);
            }
            0x06 | 0x0E | 0x16 | 0x1E | 0x26 | 0x2E | 0x36 | 0x3E => {
                let value = self.fetch::<B, AHEAD>(bus, &mut code);
                self.set_operand(bus, upper, value);
            }
            0x01 | 0x11 | 0x21 | 0x31 => {
                let value = self.fetch_word::<B, AHEAD>(bus, &mut code);
                self.set_pair(pair, value);
            }
            0x03 | 0x13 | 0x23 | 0x33 => {
                bus.idle();
                self.set_pair(pair, self.pair(pair).wrapping_add(1));
            }
            0x0B | 0x1B | 0x2B | 0x3B => {
                bus.idle();
                self.set_pair(pair, self.pair(pair).wrapping_sub(1));
            }
            0x09 | 0x19 | 0x29 | 0x39 => {
                bus.idle();
                self.add_hl(self.pair(pair));
            }
            0x02 | 0x22 | 0x32 => {
                let address = self.indirect(pair);
                bus.write(address, self.a);
            }
            0x0A | 0x2A | 0x3A => {
                let address = self.indirect(pair);
                self.a = bus.read(address);
            }
            0x07 | 0x0F | 0x17 | 0x1F => {
                self.a = self.rotate(upper, self.a);
                self.f &= CARRY;
            }
            0x08 => {
                let address = self.fetch_word::<B, AHEAD>(bus, &mut code);
                let [high, low] = self.sp.to_be_bytes();
                bus.idle();
                bus.idle();
                // PyBoy writes both bytes at the start of the instruction.
                bus.write_behind(address, low, 20);
                bus.write_behind(address.wrapping_add(1), high, 20);
            }
            // STOP. PyBoy skips its second byte without reading it, and neither stops nor resets the divider.
            0x10 => self.pc = self.pc.wrapping_add(1),
            0x18 => self.jump_relative::<B, AHEAD>(bus, code, true),
            0x20 | 0x28 | 0x30 | 0x38 => self.jump_relative::<B, AHEAD>(bus, code, self.condition(opcode)),
            0x27 => self.decimal_adjust(),
            0x2F => {
                self.a = !self.a;
                self.f |= SUBTRACT | HALF;
            }
            0x37 => self.f = self.f & ZERO | CARRY,
            0x3F => self.f = self.f & (ZERO | CARRY) ^ CARRY,
            0xC0 | 0xC8 | 0xD0 | 0xD8 => {
                bus.idle();
                if self.condition(opcode) {
                    self.return_(bus);
                }
            }
            0xC9 => self.return_(bus),
            0xD9 => {
                self.return_(bus);
                self.ime = true;
                bus.stop();
            }
            0xC2 | 0xCA | 0xD2 | 0xDA => {
                let target = self.fetch_word::<B, AHEAD>(bus, &mut code);
                if self.condition(opcode) {
                    self.jump(bus, target);
                }
            }
            0xC3 => {
                let target = self.fetch_word::<B, AHEAD>(bus, &mut code);
                self.jump(bus, target);
            }
            0xC4 | 0xCC | 0xD4 | 0xDC => {
                let target = self.fetch_word::<B, AHEAD>(bus, &mut code);
                if self.condition(opcode) {
                    self.call(bus, target);
                }
            }
            0xCD => {
                let target = self.fetch_word::<B, AHEAD>(bus, &mut code);
                self.call(bus, target);
            }
            0xC1 | 0xD1 | 0xE1 => {
                let value = self.pop(bus);
                self.set_pair(pair, value);
            }
            0xF1 => {
                let [high, low] = self.pop(bus).to_be_bytes();
                (self.a, self.f) = (high, low & 0xF0);
            }
            0xC5 | 0xD5 | 0xE5 => self.push(bus, self.pair(pair)),
            0xF5 => self.push(bus, u16::from_be_bytes([self.a, self.f])),
            0xC7 | 0xCF | 0xD7 | 0xDF | 0xE7 | 0xEF | 0xF7 | 0xFF => self.call(bus, u16::from(opcode & 0x38)),
            0xCB => {
                let prefixed = self.fetch::<B, AHEAD>(bus, &mut code);
                self.execute_prefixed(bus, prefixed);
            }
            0xE0 => {
                let offset = self.fetch::<B, AHEAD>(bus, &mut code);
                bus.write(0xFF00 | u16::from(offset), self.a);
            }
            0xF0 => {
                let offset = self.fetch::<B, AHEAD>(bus, &mut code);
                self.a = bus.read_last_page(offset);
            }
            0xE2 => bus.write(0xFF00 | u16::from(self.c), self.a),
            0xF2 => self.a = bus.read_last_page(self.c),
            0xEA => {
                let address = self.fetch_word::<B, AHEAD>(bus, &mut code);
                bus.write(address, self.a);
            }
            0xFA => {
                let address = self.fetch_word::<B, AHEAD>(bus, &mut code);
                self.a = bus.read(address);
            }
            0xE8 => {
                let offset = self.fetch::<B, AHEAD>(bus, &mut code);
                self.sp = self.sp_plus(offset);
                bus.idle();
                bus.idle();
            }
            0xF8 => {
                let offset = self.fetch::<B, AHEAD>(bus, &mut code);
                let value = self.sp_plus(offset);
                self.set_hl(value);
                bus.idle();
            }
            0xF9 => {
                self.sp = self.hl();
                bus.idle();
            }
            0xE9 => self.pc = self.hl(),
            0xF3 => {
                self.ime = false;
                self.enabling = false;
            }
            0xFB => {
                self.enabling = !self.ime;
                bus.stop();
            }
            0xD3 | 0xDB | 0xDD | 0xE3 | 0xE4 | 0xEB | 0xEC | 0xED | 0xF4 | 0xFC | 0xFD => self.lock(bus),
        }
    }

    #[inline(always)]
    fn jump_relative<B: Bus, const AHEAD: bool>(&mut self, bus: &mut B, mut code: u32, taken: bool) {
        let offset = self.fetch::<B, AHEAD>(bus, &mut code) as i8;
        if taken {
            self.jump(bus, self.pc.wrapping_add(offset as u16));
        }
    }

    fn return_<B: Bus>(&mut self, bus: &mut B) {
        let target = self.pop(bus);
        self.jump(bus, target);
    }

    /// Halts. The byte behind HALT is never read twice: PyBoy has no such bug.
    ///
    /// PC stays at HALT until the processor wakes, at once where an interrupt is pending. Behind EI with an interrupt
    /// pending it does not halt: the handler returns to HALT.
    fn halt<B: Bus>(&mut self, bus: &mut B) {
        let pending = bus.pending() != 0;
        self.pc = self.pc.wrapping_sub(1);
        self.halted = !(self.ime && pending);
        bus.stop();
    }

    fn lock<B: Bus>(&mut self, bus: &mut B) {
        self.pc = self.pc.wrapping_sub(1);
        self.locked = true;
        bus.stop();
    }
}
